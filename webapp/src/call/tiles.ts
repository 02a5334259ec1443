// Which source a person's picture or sound is taken from. Pure.
//
// In: the sources of one (person, kind) on all open links. Out, for pictures: two stacked slots, of
// which the front one is seen. A newer source is put behind and comes to the front once it has
// decoded, so nobody's picture ever goes blank while they are in the room. For sound: the one source
// to be heard.

import type { Pictures } from './state';

/** What a link brings of one kind. */
export interface Source {
  id: string; // link and kind: never used again
  order: number; // of opening: the newer link has the higher one
  stream: MediaStream;
  decoded: boolean; // something to see or hear has come
}

interface Slot extends Source {
  since: number; // when it was put there, ms
}

/** The two stacked pictures of a person. */
export interface Tile {
  slots: readonly [Slot | null, Slot | null];
  front: 0 | 1;
}

/** A tile with nothing in it. */
export const emptyTile: Tile = { slots: [null, null], front: 0 };

// A <video> that has just been given its stream shows a frame this much later.
const warmUpMillis = 80;

/** The source to be shown or heard: the newest that has decoded; until one has, whatever there is. */
export function best<S extends Source>(current: S | null, sources: readonly S[]): S | null {
  const sorted = [...sources].sort((a, b) => b.order - a.order);
  const decoded = sorted.find((source) => source.decoded);
  return decoded ?? sorted.find((source) => source.id === current?.id) ?? sorted[0] ?? null;
}

/** Brings a tile up to date with the sources there are. */
export function arrange(tile: Tile, sources: readonly Source[], now: number): Tile {
  const known = refresh(tile, sources);
  const front = known.slots[known.front];
  const choice = best(front, sources);
  if (choice === null) return known; // the last picture stays
  if (front === null) return withSlot(known, known.front, choice, now);
  if (choice.id === front.id) return prepare(known, sources, now);
  const behind = known.slots[back(known)];
  if (behind?.id !== choice.id) return withSlot(known, back(known), choice, now);
  return behind.decoded && now - behind.since >= warmUpMillis ? { ...known, front: back(known) } : known;
}

/** Whether the front of a tile is what it should be; else arrange it again soon. */
export function isArranged(tile: Tile, sources: readonly Source[]): boolean {
  const front = tile.slots[tile.front];
  return (best(front, sources)?.id ?? front?.id) === front?.id;
}

/** What the user interface sees of a tile. */
export function picturesOf(tile: Tile): Pictures {
  return { streams: [tile.slots[0]?.stream ?? null, tile.slots[1]?.stream ?? null], front: tile.front };
}

// The front is right for now: a newer source warms up behind it, and one that ended lets go.
function prepare(tile: Tile, sources: readonly Source[], now: number): Tile {
  const front = tile.slots[tile.front];
  const behind = tile.slots[back(tile)];
  const newest = [...sources].sort((a, b) => b.order - a.order)[0];
  if (newest && front && newest.order > front.order) {
    return behind?.id === newest.id ? tile : withSlot(tile, back(tile), newest, now);
  }
  const ended = behind !== null && !sources.some((source) => source.id === behind.id);
  return ended ? withSlot(tile, back(tile), null, now) : tile;
}

function refresh(tile: Tile, sources: readonly Source[]): Tile {
  const fresh = (slot: Slot | null): Slot | null => {
    const source = sources.find((one) => one.id === slot?.id);
    return slot && source && source.decoded !== slot.decoded ? { ...slot, decoded: source.decoded } : slot;
  };
  const [first, second] = [fresh(tile.slots[0]), fresh(tile.slots[1])];
  return first === tile.slots[0] && second === tile.slots[1] ? tile : { ...tile, slots: [first, second] };
}

function withSlot(tile: Tile, index: 0 | 1, source: Source | null, now: number): Tile {
  const slot: Slot | null = source && { ...source, since: now };
  return { ...tile, slots: index === 0 ? [slot, tile.slots[1]] : [tile.slots[0], slot] };
}

function back(tile: Tile): 0 | 1 {
  return tile.front === 0 ? 1 : 0;
}
