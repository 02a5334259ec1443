// Showing a stream in a <video> element, and how its picture fits a tile.

import type { Box } from './grid';

/**
 * Keeps a video showing a stream. The element stays; its source is set only when it is another one,
 * since setting the same one again blanks the picture.
 */
export function showStream(stream: () => MediaStream | null): (video: HTMLVideoElement) => void {
  return (video) => {
    const next = stream();
    video.muted = true; // sound is played elsewhere; and only muted videos may start by themselves
    if (video.srcObject === next) return;
    video.srcObject = next;
    // The attribute autoplay alone may pause what is out of sight; a call to play does not.
    if (next) video.play().catch(() => undefined); // refused only when the source changes again
  };
}

const leastShown = 0.35; // of a picture, by area

/** Whether a picture fills its tile and is cropped, or is shown whole because too much would be lost. */
export function fitOf(picture: Box, tile: Box): 'cover' | 'contain' {
  if (picture.width <= 0 || picture.height <= 0 || tile.width <= 0 || tile.height <= 0) return 'cover';
  const scale = Math.max(tile.width / picture.width, tile.height / picture.height);
  const shown = (tile.width * tile.height) / (picture.width * scale * picture.height * scale);
  return shown < leastShown ? 'contain' : 'cover';
}
