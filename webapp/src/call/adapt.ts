// How much picture a page sends on each of its links. Pure.
//
// What goes out on all links together stays within one uplink and one processor: resolution and bit
// rate fall with the number of people, and a link whose encoder says that it is short of bandwidth or
// processor goes down one more step, and up again after a while of ease.

/** Parameters of one encoding, as setParameters takes them. */
export interface Tuning {
  scaleResolutionDownBy: number;
  maxBitrate: number; // bit/s
  maxFramerate: number;
}

/** The size of the picture that is taken. */
export interface Size {
  width: number;
  height: number;
}

interface Budget {
  lines: number; // of the shorter side
  bitrate: number;
  framerate: number;
}

const lowest: Budget = { lines: 180, bitrate: 220_000, framerate: 20 };
const budgets: readonly Budget[] = [
  { lines: 720, bitrate: 1_700_000, framerate: 30 }, // two people
  { lines: 540, bitrate: 1_000_000, framerate: 30 },
  { lines: 360, bitrate: 600_000, framerate: 25 },
  { lines: 270, bitrate: 380_000, framerate: 20 },
];

/** What a picture of so many lines (of the shorter side) deserves at most, bit/s; to a relay and between pages alike. */
export function rateOf(lines: number): number {
  const known = [...budgets, lowest];
  const above = known.findLast((one) => one.lines >= lines) ?? budgets[0]!;
  const below = known.find((one) => one.lines <= lines) ?? tiny;
  if (above.lines <= below.lines) return above.bitrate;
  const part = (lines - below.lines) / (above.lines - below.lines);
  return Math.round(below.bitrate + part * (above.bitrate - below.bitrate));
}

const tiny = { lines: 90, bitrate: 120_000 };

// The bit rate stays: congestion control bounds it already, and could not feel its way up again under
// a lower bound.
const steps = [
  { scale: 1, framerate: 30 },
  { scale: 1.5, framerate: 24 },
  { scale: 2, framerate: 15 },
] as const;

/** What one of `links` links may carry of a camera of that size, `step` steps down. */
export function tuning(size: Size, links: number, step: number): Tuning {
  const budget = budgets[Math.max(links, 1) - 1] ?? lowest;
  const by = steps[Math.min(step, steps.length - 1)] ?? steps[0];
  const lines = Math.min(size.width, size.height);
  const scale = Math.max(1, lines / budget.lines) * by.scale;
  return {
    scaleResolutionDownBy: Math.round(scale * 100) / 100,
    maxBitrate: Math.min(budget.bitrate, rateOf(lines)),
    maxFramerate: Math.min(budget.framerate, by.framerate),
  };
}

/** How a link has been doing. Times are milliseconds. */
export interface Strain {
  step: number;
  since: number; // when the present stretch of strain or of ease began
  strained: boolean;
  patience: number; // how long ease must last before a step up
}

/** What holds an encoder back. */
export type Limit = 'none' | 'cpu' | 'bandwidth';

/** What an encoder says of itself (RTCOutboundRtpStreamStats). */
export interface Encoder {
  qualityLimitationReason?: 'none' | 'cpu' | 'bandwidth' | 'other';
  targetBitrate?: number; // bit/s
}

/**
 * What really holds an encoder back. It says `bandwidth` also of a picture that is too busy for the
 * bit rate it is allowed, and a link that has nearly all of that is not short of it.
 */
export function limitOf(encoder: Encoder, allowed: number): Limit {
  const { qualityLimitationReason: reason, targetBitrate = 0 } = encoder;
  if (reason === 'cpu') return 'cpu';
  return reason === 'bandwidth' && targetBitrate < allowed * 0.6 ? 'bandwidth' : 'none';
}

const cpuMillis = 4000;
// A connection's estimate of the bandwidth starts low and needs this long to grow.
const bandwidthMillis = 12_000;
const patienceMillis = 20_000;
const mostPatienceMillis = 160_000;

/** A link that has just been opened. */
export function unstrained(now: number): Strain {
  return { step: 0, since: now, strained: false, patience: patienceMillis };
}

/** Brings a link's strain up to date with what its encoder says now. */
export function strain(was: Strain, limit: Limit, now: number): Strain {
  const strained = limit === 'cpu' || limit === 'bandwidth';
  if (strained !== was.strained) return { ...was, strained, since: now };
  const lasted = now - was.since;
  if (strained && was.step < steps.length - 1 && lasted >= (limit === 'cpu' ? cpuMillis : bandwidthMillis)) {
    return { ...was, step: was.step + 1, since: now, patience: Math.min(was.patience * 2, mostPatienceMillis) };
  }
  if (!strained && was.step > 0 && lasted >= was.patience) return { ...was, step: was.step - 1, since: now };
  return was;
}
