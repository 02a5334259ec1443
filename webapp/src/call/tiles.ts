// Which source a person's picture or sound is taken from. Pure.
//
// In: the sources of one (person, kind) on all open links. Out, for pictures: two stacked slots, of
// which the front one is seen. A newer source is put behind and comes to the front once its element
// has presented a frame that is not older than what is in front, so nobody's picture ever goes blank
// or back in time. For sound: the one source to be heard.

import type { Pictures } from './state';

/** What a link brings of one kind. */
export interface Source {
  id: string; // link and kind: never used again
  order: number; // of opening: the newer link has the higher one
  stream: MediaStream;
  decoded: boolean; // something to see or hear has come
  shared?: boolean; // once the source is gone its stream may carry somebody else: it is let go at once
}

interface Slot extends Source {
  presented?: number; // when its element presented a frame first, ms
  captured?: number; // when the newest of them was captured, ms on any clock that both slots share
}

/** The two stacked pictures of a person. */
export interface Tile {
  slots: readonly [Slot | null, Slot | null];
  front: 0 | 1;
}

/** A tile with nothing in it. */
export const emptyTile: Tile = { slots: [null, null], front: 0 };

// A newer source whose frames are older for so long comes by a longer way.
const behindMillis = 400;

/** The source to be shown or heard: the newest that has decoded; until one has, whatever there is. */
export function best<S extends Source>(current: S | null, sources: readonly S[]): S | null {
  const sorted = [...sources].sort((a, b) => b.order - a.order);
  const decoded = sorted.find((source) => source.decoded);
  return decoded ?? sorted.find((source) => source.id === current?.id) ?? sorted[0] ?? null;
}

/** Brings a tile up to date with the sources there are. */
export function arrange(tile: Tile, sources: readonly Source[], now: number): Tile {
  const known = refresh(release(tile, sources), sources);
  const front = known.slots[known.front];
  const choice = best(front, sources);
  if (choice === null) return known; // the last picture stays
  if (front === null) return withSlot(known, known.front, choice);
  if (choice.id === front.id) return prepare(known, sources);
  const behind = known.slots[back(known)];
  if (behind?.id !== choice.id) return withSlot(known, back(known), choice);
  return mayFlip(behind, front, now) ? { ...known, front: back(known) } : known;
}

/** Takes note that an element presented a frame of this stream. */
export function present(tile: Tile, stream: MediaStream, captured: number | undefined, now: number): Tile {
  const note = (slot: Slot | null): Slot | null =>
    slot?.decoded && slot.stream === stream
      ? { ...slot, presented: slot.presented ?? now, ...(captured === undefined ? {} : { captured }) }
      : slot;
  return { ...tile, slots: [note(tile.slots[0]), note(tile.slots[1])] };
}

function mayFlip(behind: Slot, front: Slot, now: number): boolean {
  // Elements that are out of sight present nothing. They flip when they are seen again.
  if (!behind.decoded || behind.presented === undefined) return false;
  const known = behind.captured !== undefined && front.captured !== undefined;
  return !known || behind.captured! >= front.captured! || now - behind.presented >= behindMillis;
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
function prepare(tile: Tile, sources: readonly Source[]): Tile {
  const front = tile.slots[tile.front];
  const behind = tile.slots[back(tile)];
  const newest = [...sources].sort((a, b) => b.order - a.order)[0];
  if (newest && front && newest.order > front.order) {
    return behind?.id === newest.id ? tile : withSlot(tile, back(tile), newest);
  }
  const ended = behind !== null && !sources.some((source) => source.id === behind.id);
  return ended ? withSlot(tile, back(tile), null) : tile;
}

// Takes out what may be somebody else by now. If that was the front and something decoded is behind, that is seen.
function release(tile: Tile, sources: readonly Source[]): Tile {
  const kept = (slot: Slot | null): Slot | null =>
    slot?.shared && !sources.some((source) => source.id === slot.id) ? null : slot;
  const slots = [kept(tile.slots[0]), kept(tile.slots[1])] as const;
  if (slots[0] === tile.slots[0] && slots[1] === tile.slots[1]) return tile;
  const other = back(tile);
  return { slots, front: slots[tile.front] === null && slots[other]?.decoded ? other : tile.front };
}

function refresh(tile: Tile, sources: readonly Source[]): Tile {
  const fresh = (slot: Slot | null): Slot | null => {
    const source = sources.find((one) => one.id === slot?.id);
    return slot && source && source.decoded !== slot.decoded ? { ...slot, decoded: source.decoded } : slot;
  };
  const [first, second] = [fresh(tile.slots[0]), fresh(tile.slots[1])];
  return first === tile.slots[0] && second === tile.slots[1] ? tile : { ...tile, slots: [first, second] };
}

function withSlot(tile: Tile, index: 0 | 1, slot: Slot | null): Tile {
  return { ...tile, slots: index === 0 ? [slot, tile.slots[1]] : [tile.slots[0], slot] };
}

function back(tile: Tile): 0 | 1 {
  return tile.front === 0 ? 1 : 0;
}
