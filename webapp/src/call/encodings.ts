// What a page sends to a relay: the camera in up to three layers, so that each receiver gets the one
// that fits. VP8 has a stream for each (simulcast), VP9 and AV1 have them within one (SVC). Pure.
//
// Browsers allow a picture only so many layers as its size deserves and then drop the LAST of the list.
// So the three encodings q, h, f are offered once, and which of them are used, and how much each
// scales down, follows from the size of the real track.

import { type Size, rateOf } from './adapt';
import type { Codec } from './codecs';
import type { LayerSize } from './relaycontrol';

/** The parameters of one encoding. */
export interface Encoding {
  rid?: string;
  scalabilityMode?: string; // W3C webrtc-svc
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

/**
 * The one encoding for a camera of that size whose layers are within it; `mask` and `most` as above. Single
 * layers cannot be switched off, but the top ones can be left out: the picture shrinks, and the others stay as
 * they are.
 */
export function layered(size: Size, mask: number, most: number): Encoding {
  const count = layersOf(size);
  const used = Math.min(layersUsed(size, mask), most);
  const rates = encodings(size, 7, 3).slice(0, used).map(({ maxBitrate }) => maxBitrate);
  return {
    scalabilityMode: modeOf(used),
    active: mask !== 0,
    scaleResolutionDownBy: 2 ** (count - used),
    maxBitrate: rates.reduce((sum, rate) => sum + rate, 0),
    maxFramerate: 30,
  };
}

/** The camera's encodings in that codec. */
export function cameraEncodings(codec: Codec, size: Size, mask: number, most: number): Encoding[] {
  return codec === 'vp8' ? encodings(size, mask, most) : [layered(size, mask, most)];
}

// Up to the highest that somebody watches. With none watched nothing is sent, and nothing need change.
function layersUsed(size: Size, mask: number): number {
  const count = layersOf(size);
  return mask === 0 ? count : Math.min(count, 32 - Math.clz32(mask));
}

// With KEY a large picture costs its receiver that layer alone.
function modeOf(layers: number): string {
  return layers === 1 ? 'L1T3' : `L${layers}T3_KEY`;
}

/** What has to be taken by a browser that sends layers within one stream. */
export const largestMode = modeOf(3);

/** What the relay is told of the camera's layers, smallest first. */
export function announced(codec: Codec, size: Size, mask: number): LayerSize[] {
  const count = codec === 'vp8' ? layersOf(size) : layersUsed(size, mask);
  return encodings(size, 7, 3).slice(0, count).map(({ scaleResolutionDownBy: scale, maxBitrate }) => ({
    width: size.width / scale,
    height: size.height / scale,
    kbps: maxBitrate / 1000,
  }));
}

const screenRate = { maxBitrate: 2_500_000, maxFramerate: 10 };

/** A screen goes in one piece: text needs every pixel, and few pictures. */
export function screenEncoding(codec: Codec, active = true): Omit<Encoding, 'scaleResolutionDownBy'> {
  return { ...screenRate, active, ...(codec !== 'vp8' && { scalabilityMode: modeOf(1) }) };
}

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
