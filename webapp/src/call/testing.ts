// Stand-ins for what a browser has and Node has not, for tests alone: storages, a line to the
// bridge, devices.

import type { FromClient, FromServer } from './signal.gen';

/** A storage in memory. */
export function memory(content: Record<string, string> = {}): Storage {
  const map = new Map(Object.entries(content));
  return {
    get length() {
      return map.size;
    },
    clear: () => map.clear(),
    getItem: (key) => map.get(key) ?? null,
    key: (index) => [...map.keys()][index] ?? null,
    removeItem: (key) => void map.delete(key),
    setItem: (key, value) => void map.set(key, value),
  };
}

/** A storage that is full or forbidden. */
export const brokenStorage: Storage = new Proxy(memory(), {
  get: () => () => {
    throw new DOMException('no', 'QuotaExceededError');
  },
});

/** A line whose other end is the test. */
export class TestLine {
  readyState = 0;
  sent: FromClient[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;

  constructor(readonly url: string) {}

  open(): void {
    this.readyState = 1;
    this.onopen?.();
  }

  say(message: FromServer | object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  cut(): void {
    this.readyState = 3;
    this.onclose?.();
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text) as FromClient);
  }

  close(): void {
    this.readyState = 3;
  }
}

/** All lines that were dialled, newest last, and what dials them. */
export function exchange(): { lines: TestLine[]; dial: (url: string) => WebSocket } {
  const lines: TestLine[] = [];
  const dial = (url: string): WebSocket => {
    const line = new TestLine(url);
    lines.push(line);
    return line as unknown as WebSocket;
  };
  return { lines, dial };
}

/** A track that remembers whether it was stopped. */
export class TestTrack {
  enabled = true;
  readyState: 'live' | 'ended' = 'live';
  onended: (() => void) | null = null;

  constructor(
    readonly kind: 'audio' | 'video',
    readonly deviceId: string,
  ) {}

  getSettings(): { deviceId: string } {
    return { deviceId: this.deviceId };
  }

  stop(): void {
    this.readyState = 'ended';
  }

  /** Pulls the device out. */
  unplug(): void {
    this.readyState = 'ended';
    this.onended?.();
  }
}

/** Devices that answer as the test says. */
export class TestDevices {
  tracks: TestTrack[] = [];
  asked: MediaStreamConstraints[] = [];
  /** Gives a device id, or throws. */
  answer: (id: string | undefined) => string | Promise<string> = (id) => id ?? 'first';

  async getUserMedia(wish: MediaStreamConstraints): Promise<MediaStream> {
    this.asked.push(wish);
    const kind = wish.video ? 'video' : 'audio';
    const { deviceId } = (wish.video ?? wish.audio) as { deviceId?: { exact: string } };
    const track = new TestTrack(kind, await this.answer(deviceId?.exact));
    this.tracks.push(track);
    return { getVideoTracks: () => [track], getAudioTracks: () => [track] } as unknown as MediaStream;
  }

  /** As the browser's. */
  get media(): MediaDevices {
    return this as unknown as MediaDevices;
  }
}
