import { describe, expect, it } from 'vitest';
import { type Source, type Tile, arrange, best, emptyTile, isArranged, picturesOf, present } from './tiles';

const source = (id: string, order: number, decoded: boolean): Source => ({ id, order, decoded, stream: { id } as MediaStream });
const seen = (tile: Tile): string => tile.slots[tile.front]?.id ?? 'blank';

describe('a tile', () => {
  const old = source('old', 1, true);
  const showsOld = arrange(emptyTile, [old], 0);

  it('shows the first source at once, before it has decoded', () => {
    expect(seen(arrange(emptyTile, [source('a', 1, false)], 0))).toBe('a');
  });

  it('puts a newer source behind and flips once it has decoded and presented a frame', () => {
    const fresh = source('new', 2, false);
    const behind = arrange(showsOld, [old, fresh], 1000);
    expect(seen(behind)).toBe('old');
    expect(behind.slots.map((slot) => slot?.id)).toEqual(['old', 'new']);
    const both = [old, { ...fresh, decoded: true }];
    expect(isArranged(behind, both)).toBe(false);
    const waiting = arrange(behind, both, 1300);
    expect(seen(waiting)).toBe('old');
    const flipped = arrange(present(waiting, fresh.stream, undefined, 1310), both, 1310);
    expect(seen(flipped)).toBe('new');
    expect(isArranged(flipped, both)).toBe(true);
  });

  it('does not go back in time, unless the newer way is simply longer', () => {
    const fresh = source('new', 2, true);
    const both = [old, fresh];
    const put = present(arrange(showsOld, both, 1000), old.stream, 900, 1000);
    const older = present(put, fresh.stream, 880, 1040);
    expect(seen(arrange(older, both, 1040))).toBe('old');
    expect(seen(arrange(present(older, fresh.stream, 900, 1080), both, 1080))).toBe('new');
    expect(seen(arrange(older, both, 1400))).toBe('old');
    expect(seen(arrange(older, both, 1440))).toBe('new');
  });

  it('waits unseen, as in a hidden tab, and flips when it is seen again', () => {
    const fresh = source('new', 2, true);
    const put = arrange(showsOld, [old, fresh], 1000);
    const alone = arrange(put, [fresh], 60_000);
    expect(seen(alone)).toBe('old');
    expect(seen(arrange(present(alone, fresh.stream, undefined, 60_010), [fresh], 60_010))).toBe('new');
  });

  it('does not count a frame that is not of its own', () => {
    const fresh = source('new', 2, false);
    const early = present(arrange(showsOld, [old, fresh], 1000), fresh.stream, undefined, 1010);
    const both = [old, { ...fresh, decoded: true }];
    expect(seen(arrange(early, both, 1100))).toBe('old');
  });

  it('lets go of a stream that may carry somebody else once its source is gone', () => {
    const slot = { ...source('slot', 1, true), shared: true };
    const shows = arrange(emptyTile, [slot], 0);
    expect(seen(arrange(shows, [slot], 100))).toBe('slot');
    expect(picturesOf(arrange(shows, [], 100)).streams).toEqual([null, null]);
    const prepared = arrange(shows, [slot, source('new', 2, true)], 100);
    expect(seen(arrange(prepared, [source('new', 2, true)], 110))).toBe('new');
    expect(picturesOf(arrange(prepared, [source('new', 2, true)], 110)).streams).not.toContain(slot.stream);
  });

  it('keeps the last picture when its link is gone', () => {
    expect(seen(arrange(showsOld, [], 1000))).toBe('old');
    expect(picturesOf(arrange(showsOld, [], 1000)).streams[0]).toBe(old.stream);
  });

  it('stays the same object while nothing changes', () => {
    expect(arrange(showsOld, [old], 5000)).toBe(showsOld);
  });

  it('lets go of an ended source behind', () => {
    const both = [old, source('new', 2, true)];
    const flipped = arrange(present(arrange(showsOld, both, 0), both[1]!.stream, undefined, 50), both, 50);
    expect(flipped.slots[0]?.id).toBe('old');
    expect(arrange(flipped, [source('new', 2, true)], 5100).slots[0]).toBeNull();
  });

  it('takes an older source only when its own is gone', () => {
    const fresh = source('new', 2, true);
    const showsNew = arrange(emptyTile, [fresh], 0);
    const shown = (tile: Tile): Tile => present(tile, old.stream, undefined, 200);
    expect(seen(arrange(shown(arrange(showsNew, [old, fresh], 100)), [old, fresh], 300))).toBe('new');
    expect(seen(arrange(shown(arrange(showsNew, [old], 100)), [old], 300))).toBe('old');
  });

  it('never goes blank, whatever comes and goes', () => {
    let tile = emptyTile;
    let random = 7;
    const next = (n: number): number => (random = (random * 48271) % 2147483647) % n;
    let sources: Source[] = [source('0', 0, true)];
    for (let step = 1; step < 2000; step++) {
      if (next(3) === 0) sources.push(source(String(step), step, false));
      if (next(3) === 0) sources.shift();
      sources = sources.map((one) => (next(4) === 0 ? { ...one, decoded: true } : one));
      const hadPicture = tile.slots[tile.front]?.decoded ?? false;
      tile = arrange(tile, sources, step * 40);
      if (hadPicture) expect(tile.slots[tile.front]?.decoded).toBe(true);
    }
    expect(tile.slots).not.toEqual([null, null]);
  });
});

describe('best', () => {
  it('is the newest that has decoded', () => {
    const all = [source('1', 1, true), source('2', 2, true), source('3', 3, false)];
    expect(best(null, all)?.id).toBe('2');
  });

  it('stays with what there is until a newer one has decoded', () => {
    const one = source('1', 1, false);
    expect(best(one, [one, source('2', 2, false)])?.id).toBe('1');
  });

  it('moves on when the present one is gone', () => {
    expect(best(source('1', 1, true), [source('2', 2, false)])?.id).toBe('2');
    expect(best(source('1', 1, true), [])).toBeNull();
  });
});
