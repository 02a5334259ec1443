import { describe, expect, it } from 'vitest';
import { readPrefs, writePrefs } from './prefs';
import { readStay, touchStay, writeStay } from './stay';
import { brokenStorage, memory } from './testing';

describe('what is remembered of devices', () => {
  const first = { camera: { on: true }, microphone: { on: true }, speaker: {} };

  it('comes back', () => {
    const storage = memory();
    const prefs = { camera: { on: false, id: 'c1' }, microphone: { on: true }, speaker: { id: 's1' } };
    writePrefs(storage, prefs);
    expect(readPrefs(storage)).toEqual(prefs);
  });

  it('is as on the first day where there is none, or it is broken or forbidden', () => {
    expect(readPrefs(memory())).toEqual(first);
    expect(readPrefs(null)).toEqual(first);
    expect(readPrefs(brokenStorage)).toEqual(first);
    for (const text of ['{', 'null', '7', '[]', '{"camera":7,"microphone":{"id":3},"speaker":null}']) {
      expect(readPrefs(memory({ 'parley.devices': text }))).toEqual(first);
    }
  });

  it('does not hurt where it cannot be kept', () => {
    expect(() => writePrefs(brokenStorage, first)).not.toThrow();
    expect(() => writePrefs(null, first)).not.toThrow();
  });
});

describe('a stay', () => {
  const stay = { name: 'Ann', pass: 'p', snapshot: 's', epoch: 5 };

  it('comes back for its room, however that is written, and for no other', () => {
    const storage = memory();
    writeStay(storage, 'Garden', stay);
    touchStay(storage, 'Garden', 1000);
    expect(readStay(storage, 'garden', 2000)).toEqual(stay);
    expect(readStay(storage, 'kitchen', 2000)).toBeNull();
  });

  it('is over after a leave', () => {
    const storage = memory();
    writeStay(storage, 'garden', stay);
    touchStay(storage, 'garden', 1000);
    writeStay(storage, 'garden', null);
    expect(readStay(storage, 'garden', 2000)).toBeNull();
    expect(storage).toHaveLength(0);
  });

  it('is over when the tab is opened again much later', () => {
    const storage = memory();
    writeStay(storage, 'garden', stay);
    touchStay(storage, 'garden', 1000);
    expect(readStay(storage, 'garden', 1000 + 119_000)).not.toBeNull();
    expect(readStay(storage, 'garden', 1000 + 121_000)).toBeNull();
  });

  it('is none where what was kept is broken', () => {
    expect(readStay(memory({ 'parley.stay.x': '{"name":1,"pass":"p"}', 'parley.stay.x.seen': '1000' }), 'x', 1000)).toBeNull();
    expect(readStay(brokenStorage, 'x', 0)).toBeNull();
  });
});
