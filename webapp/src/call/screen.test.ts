import { describe, expect, it, vi } from 'vitest';
import { Screen } from './screen';
import { TestTrack } from './testing';

function setUp(answer: () => (TestTrack | undefined)[] | Promise<(TestTrack | undefined)[]>): { screen: Screen; changed: () => number } {
  let changes = 0;
  const devices = {
    getDisplayMedia: async (): Promise<MediaStream> => {
      const tracks = (await answer()).filter((track) => track !== undefined);
      const of = (kind: string): TestTrack[] => tracks.filter((track) => track.kind === kind);
      return { getVideoTracks: () => of('video'), getAudioTracks: () => of('audio'), getTracks: () => tracks } as unknown as MediaStream;
    },
  };
  const screen = new Screen({ devices, changed: () => void changes++ });
  return { screen, changed: () => changes };
}

const settled = (screen: Screen): Promise<void> => vi.waitFor(() => expect(screen.share.status).not.toBe('starting'));

describe('a screen', () => {
  it('cannot be shared where the browser shares none', () => {
    const screen = new Screen({ devices: null, changed: () => undefined });
    screen.set(true);
    expect(screen.share).toEqual({ possible: false, status: 'off' });
  });

  it('is shared with its sound, as something whose text must be sharp', async () => {
    const [picture, sound] = [new TestTrack('video', 's'), new TestTrack('audio', 's')];
    const { screen } = setUp(() => [picture, sound]);
    screen.set(true);
    expect(screen.share.status).toBe('starting');
    await settled(screen);
    expect(screen.share).toEqual({ possible: true, status: 'on' });
    expect([screen.picture, screen.sound]).toEqual([picture, sound]);
    expect((picture as unknown as MediaStreamTrack).contentHint).toBe('detail');
    screen.set(false);
    expect(screen.share.status).toBe('off');
    expect([picture.readyState, sound.readyState]).toEqual(['ended', 'ended']);
  });

  it('stops with the browser’s own button, and its sound too', async () => {
    const [picture, sound] = [new TestTrack('video', 's'), new TestTrack('audio', 's')];
    const { screen, changed } = setUp(() => [picture, sound]);
    screen.set(true);
    await settled(screen);
    const before = changed();
    picture.unplug();
    expect(screen.share.status).toBe('off');
    expect(screen.picture).toBeNull();
    expect(sound.readyState).toBe('ended');
    expect(changed()).toBe(before + 1);
  });

  it('is not shared if the person thinks better of it while the browser asks', async () => {
    const picture = new TestTrack('video', 's');
    let give: () => void = () => undefined;
    const { screen } = setUp(() => new Promise((resolve) => (give = () => resolve([picture]))));
    screen.set(true);
    screen.set(false);
    give();
    await vi.waitFor(() => expect(picture.readyState).toBe('ended'));
    expect(screen).toMatchObject({ picture: null, share: { status: 'off' } });
  });

  it('says nothing of a refusal by the person, and all of one by the system', async () => {
    const refuse = (name: string, message: string) => setUp(() => Promise.reject(new DOMException(message, name))).screen;
    const own = refuse('NotAllowedError', 'Permission denied by user');
    own.set(true);
    await settled(own);
    expect(own.share).toEqual({ possible: true, status: 'off' });
    const system = refuse('NotAllowedError', 'Permission denied by system');
    system.set(true);
    await settled(system);
    expect(system.share).toMatchObject({ status: 'failed', problem: 'denied' });
    const busy = refuse('NotReadableError', 'no');
    busy.set(true);
    await settled(busy);
    expect(busy.share).toMatchObject({ status: 'failed', problem: 'busy' });
  });
});
