// What tapes say. Pure.

import { hopMillis, type Tape } from './probe/tape';

/** Between two moments of the wall clock, in ms. */
export interface Heard {
  usual: number; // loudness of the voice, as RMS; 0 if there was none to judge by
  silence: number; // the longest time without the voice
  doubled: number; // the longest time with more of it than one voice can be
  lost: number; // what the recorder missed
}

// A voice is gone below a quarter of its loudness. Two that beat go up to twice; in the product's equal-power
// cross-fade of one moment, two equal ones reach 1.41.
const quiet = 0.25;
const loud = 1.6;
// A beat has moments of one voice's loudness: they do not end the doubling.
const beatHops = 8;

/** Judges a stretch by how loud the voice was in one before. */
export function listen(tape: Tape, [from, to]: [number, number], usual: number): Heard {
  const levels = tape.levels.slice(hopOf(tape, from), hopOf(tape, to));
  return {
    usual,
    silence: run(levels.map((level) => level >= 0 && level < usual * quiet), 0) * hopMillis,
    doubled: run(levels.map((level) => level > usual * loud), beatHops) * hopMillis,
    lost: levels.filter((level) => level < 0).length * hopMillis,
  };
}

/** The median loudness of a stretch. */
export function loudness(tape: Tape, [from, to]: [number, number]): number {
  const levels = tape.levels.slice(hopOf(tape, from), hopOf(tape, to)).filter((level) => level >= 0);
  return levels.toSorted((one, other) => one - other)[levels.length >> 1] ?? 0;
}

function hopOf({ start }: Tape, at: number): number {
  return Math.max(0, Math.round((at - start) / hopMillis));
}

/** The longest run of true, in hops; so many false ones within it do not end it. */
function run(flags: readonly boolean[], bridge: number): number {
  let [longest, first, last] = [0, -1, -Infinity];
  for (const [at, flag] of flags.entries()) {
    if (!flag) continue;
    if (at - last > bridge + 1) first = at;
    last = at;
    longest = Math.max(longest, last - first + 1);
  }
  return longest;
}
