// Who speaks, from how loud everybody is. Pure; times are milliseconds, levels 0 (silent) to 1.
//
//     silent --loud--> speaking --quiet for as long as a pause between words--> silent

/** What is remembered of one person. */
export interface Voice {
  speaking: boolean;
  loudAt: number; // when they were loud enough last
}

// Levels count from -60 dB (0) to -12 dB (1): 0.3 is -45 dB, above what a quiet room makes.
const loud = 0.3;
const audible = 0.2;
const pauseMillis = 900;

/** Before a person has been heard. */
export const silent: Voice = { speaking: false, loudAt: -Infinity };

/** Brings a voice up to date. Who speaks already need not be as loud to go on. */
export function listen(was: Voice, level: number, now: number): Voice {
  const enough = level >= (was.speaking ? audible : loud);
  if (enough) return { speaking: true, loudAt: now };
  return was.speaking && now - was.loudAt >= pauseMillis ? { ...was, speaking: false } : was;
}

/** The level of someone whom the relay calls that loud (0 to 127, dB above -127 dBov). */
export function levelOfRelay(level: number): number {
  return Math.min(1, Math.max(0, (level - 127 + 60) / 48));
}
