// What films say. Pure.

import type { Film, Sight } from './probe/numbers';

/** How numbers are counted: how many there are before they begin anew, and how many make a second. */
interface Count {
  round: number;
  perSecond: number;
}

/** Those of people count 10 ms each, those of bots the pictures of their clip. */
function countOf(name: string): Count {
  return name.startsWith('Bot') ? { round: 90, perSecond: 15 } : { round: 65_536, perSecond: 100 };
}

/**
 * By how many numbers a sight is newer than an earlier one; negative where it is older. Where the numbers have
 * begun anew between the two, the time between them says how often.
 */
export function newer(earlier: Sight, sight: Sight, { round, perSecond }: Count): number {
  const expected = ((sight.at - earlier.at) / 1000) * perSecond;
  const step = sight.number - earlier.number;
  return step + Math.round((expected - step) / round) * round;
}

/**
 * The pictures that were older than one seen before on the same tile. Of people only: a bot that is asked for key frames
 * jumps ahead in its clip, and when several ask, by so much that it looks like a jump back.
 */
export function backwards(film: Film): string[] {
  return Object.entries(film.sights).filter(([name]) => !name.startsWith('Bot')).flatMap(([name, sights]) => {
    const wrong: string[] = [];
    let newest: Sight | undefined;
    for (const sight of sights.filter((one) => one.number >= 0)) {
      const step = newest ? newer(newest, sight, countOf(name)) : 1;
      if (step < 0) wrong.push(`${name}: ${newest!.number} then ${sight.number} on side ${sight.side}, ${Math.round(sight.at - newest!.at)} ms later`);
      else newest = sight;
    }
    return wrong;
  });
}

/** Pairs of tiles that were read in one order and later in the other. */
export function reordered(film: Film): string[] {
  const seen = new Set<string>();
  const wrong: string[] = [];
  for (const order of film.orders) {
    for (const [at, one] of order.entries()) {
      for (const other of order.slice(at + 1)) {
        if (seen.has(`${other}, ${one}`)) wrong.push(`${one} and ${other}`);
        seen.add(`${one}, ${other}`);
      }
    }
  }
  return wrong;
}

/** A tile's change from one of its elements to the other. */
export interface Swap {
  name: string;
  at: number; // ms of the wall clock
  gap: number; // ms from the last new picture before to the first new one after
}

/** Every such change. The picture in front just after it may be one that was seen already: that ends no gap. */
export function swaps(film: Film): Swap[] {
  return Object.entries(film.sights).flatMap(([name, sights]) => swapsOf(name, sights));
}

function swapsOf(name: string, sights: Sight[]): Swap[] {
  const found: Swap[] = [];
  const fresh = news(name, sights);
  for (let at = 1; at < fresh.length; at++) {
    const [before, after] = [fresh[at - 1]!, fresh[at]!];
    if (before.side !== after.side) found.push({ name, at: after.at, gap: after.at - before.at });
  }
  return found;
}

/** The sights that showed something newer than all before. */
export function news(name: string, sights: readonly Sight[]): Sight[] {
  const fresh: Sight[] = [];
  for (const sight of sights) {
    const last = fresh.at(-1);
    if (sight.number >= 0 && (!last || newer(last, sight, countOf(name)) > 0)) fresh.push(sight);
  }
  return fresh;
}

/** The longest time without a new picture on a tile, between two moments. */
export function longestGap(film: Film, name: string, from: number, to: number): number {
  const fresh = news(name, film.sights[name] ?? []).map((one) => one.at);
  const ends = [...fresh.filter((at) => at > from && at < to), to];
  let last = fresh.findLast((at) => at <= from) ?? from;
  let longest = 0;
  for (const at of ends) {
    longest = Math.max(longest, at - last);
    last = at;
  }
  return longest;
}

/** The value below which that part of all lies. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN;
}
