// What a page sends to a relay: the camera in up to three layers, so that each receiver gets the one
// that fits. Pure.
//
// Browsers allow a picture only so many layers as its size deserves and then drop the LAST of the list.
// So the three encodings q, h, f are offered once, and which of them are used, and how much each
// scales down, follows from the size of the real track.

import { type Size, rateOf } from './adapt';
import type { LayerSize } from './relaycontrol';

/** The parameters of one encoding. */
export interface Encoding {
  rid: string;
  active: boolean;
  scaleResolutionDownBy: number;
  maxBitrate: number; // bit/s
  maxFramerate: number;
}

const rids = ['q', 'h', 'f'] as const;
/** A camera whose size is not known yet is taken to be this large. */
export const unknownSize: Size = { width: 1280, height: 720 };

/** How many layers a picture of that size is allowed. */
export function layersOf({ width, height }: Size): number {
  const pixels = width * height;
  if (pixels >= 960 * 540) return 3;
  return pixels >= 480 * 270 ? 2 : 1;
}

/**
 * The three encodings for a camera of that size. `mask` has a bit for each layer that somebody
 * watches, `most` bounds how many are sent for now.
 */
export function encodings(size: Size, mask: number, most: number): Encoding[] {
  const count = layersOf(size);
  return rids.map((rid, layer) => {
    const scale = layer < count ? 2 ** (count - 1 - layer) : 1;
    return {
      rid,
      active: layer < Math.min(count, most) && (mask & (1 << layer)) !== 0,
      scaleResolutionDownBy: scale,
      maxBitrate: rateOf(Math.min(size.width, size.height) / scale),
      maxFramerate: 30,
    };
  });
}

/** What the relay is told of them, smallest first. */
export function announced(size: Size): LayerSize[] {
  return encodings(size, 7, 3).slice(0, layersOf(size)).map(({ scaleResolutionDownBy: scale, maxBitrate }) => ({
    width: size.width / scale,
    height: size.height / scale,
    kbps: maxBitrate / 1000,
  }));
}

/** A screen goes in one piece: text needs every pixel, and few pictures. */
export const screenRate = { maxBitrate: 2_500_000, maxFramerate: 10 };

/** What the relay is told of a screen. */
export function announcedScreen(size: Size): LayerSize[] {
  return [{ ...size, kbps: screenRate.maxBitrate / 1000 }];
}

// While the older links still carry everything as well, the uplink has to be shared: small first.
const rampMillis = [0, 250, 900] as const;

/** How many layers may be sent so long after going live, and when that changes next. */
export function ramp(sinceLive: number): { most: number; nextIn: number | null } {
  const most = rampMillis.filter((from) => sinceLive >= from).length;
  const next = rampMillis[most];
  return { most: Math.max(most, 1), nextIn: next === undefined ? null : next - sinceLive };
}
