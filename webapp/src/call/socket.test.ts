import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FromServer } from './signal.gen';
import { Socket } from './socket';
import { type TestLine, exchange } from './testing';

function setUp(): { socket: Socket; lines: TestLine[]; heard: string[]; last: () => TestLine } {
  const { lines, dial } = exchange();
  const heard: string[] = [];
  const port = {
    open: () => heard.push('open'),
    message: (message: FromServer) => heard.push(message.type),
    down: () => heard.push('down'),
  };
  const socket = new Socket('ws://here/signal', port, dial);
  socket.dial();
  return { socket, lines, heard, last: () => lines.at(-1)! };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a line', () => {
  it('passes messages on in order, and answers a ping itself at once', () => {
    const { heard, last } = setUp();
    last().open();
    for (const type of ['snapshot', 'ping', 'left', 'pong', 'settled']) last().say({ type });
    expect(heard).toEqual(['open', 'snapshot', 'ping', 'left', 'pong', 'settled']);
    expect(last().sent).toEqual([{ type: 'pong' }]);
  });

  it('ignores what is no message', () => {
    const { heard, last } = setUp();
    last().open();
    for (const data of ['{', '7', 'null', '[]']) last().onmessage?.({ data });
    expect(heard).toEqual(['open']);
  });

  it('is dead when nothing is heard for 10 s, and dialled again', () => {
    const { lines, heard, last } = setUp();
    last().open();
    vi.advanceTimersByTime(9000);
    last().say({ type: 'ping' });
    vi.advanceTimersByTime(9999);
    expect(heard).toEqual(['open', 'ping']);
    vi.advanceTimersByTime(1);
    expect(heard).toEqual(['open', 'ping', 'down']);
    vi.advanceTimersByTime(100);
    expect(lines).toHaveLength(2);
  });

  it('says nothing more of an old line', () => {
    const { lines, heard, last } = setUp();
    last().open();
    last().cut();
    vi.advanceTimersByTime(100);
    const [old] = lines;
    last().open();
    old?.say({ type: 'left' });
    old?.cut();
    expect(heard).toEqual(['open', 'down', 'open']);
  });

  it('gives up a dial that nobody answers', () => {
    const { lines } = setUp();
    vi.advanceTimersByTime(5000 + 100);
    expect(lines).toHaveLength(2);
  });
});

describe('pauses between dials', () => {
  function pauses(n: number): number[] {
    const { lines, last } = setUp();
    return Array.from({ length: n }, () => {
      const before = Date.now();
      last().cut();
      const count = lines.length;
      while (lines.length === count) vi.advanceTimersByTime(10);
      return Date.now() - before;
    });
  }

  it('grow from 0.1 to 5 s', () => {
    vi.spyOn(Math, 'random').mockReturnValue(1);
    expect(pauses(8)).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000]);
    vi.restoreAllMocks();
  });

  it('are jittered, by half at most', () => {
    const found = pauses(6);
    [100, 200, 400, 800, 1600, 3200].forEach((whole, n) => {
      expect(found[n]).toBeGreaterThanOrEqual(whole / 2);
      expect(found[n]).toBeLessThanOrEqual(whole);
    });
  });

  it('begin anew once the bridge has taken the page in', () => {
    const { socket, lines, last } = setUp();
    for (let n = 0; n < 6; n++) {
      last().cut();
      vi.advanceTimersByTime(5000);
    }
    last().open();
    socket.steady();
    const count = lines.length;
    last().cut();
    vi.advanceTimersByTime(100);
    expect(lines).toHaveLength(count + 1);
  });

  it('are long when the bridge asks for time', () => {
    const { socket, lines, last } = setUp();
    socket.slow();
    last().cut();
    vi.advanceTimersByTime(2400);
    expect(lines).toHaveLength(1);
    vi.advanceTimersByTime(2600);
    expect(lines).toHaveLength(2);
  });
});

describe('when the network is back', () => {
  it('dials at once instead of waiting', () => {
    const { socket, lines, last } = setUp();
    for (let n = 0; n < 6; n++) {
      last().cut();
      vi.advanceTimersByTime(n < 5 ? 5000 : 0);
    }
    const count = lines.length;
    socket.hurry();
    expect(lines).toHaveLength(count + 1);
  });

  it('finds out within 2 s whether an open line is still alive', () => {
    const { socket, heard, last } = setUp();
    last().open();
    socket.hurry();
    expect(last().sent).toEqual([{ type: 'ping' }]);
    last().say({ type: 'pong' });
    vi.advanceTimersByTime(5000);
    expect(heard).toEqual(['open', 'pong']);
    socket.hurry();
    vi.advanceTimersByTime(2000);
    expect(heard).toEqual(['open', 'pong', 'down']);
  });

  it('stays closed once closed', () => {
    const { socket, lines } = setUp();
    socket.close();
    socket.hurry();
    vi.advanceTimersByTime(60_000);
    expect(lines).toHaveLength(1);
  });
});
