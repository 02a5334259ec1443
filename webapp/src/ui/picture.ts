// Showing a stream in a <video> element, and how its picture fits a tile.

import type { Box, Rect } from './grid';

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

/** Tells of each frame that a video presents, as long as somebody wants to know. */
export function tellFrames(
  tell: () => ((stream: MediaStream, captured?: number) => void) | null,
): (video: HTMLVideoElement) => (() => void) | undefined {
  return (video) => {
    const told = tell();
    if (told === null || !('requestVideoFrameCallback' in video)) return undefined;
    const watch = (): number => video.requestVideoFrameCallback((_now, frame) => {
      handle = watch();
      if (video.srcObject instanceof MediaStream) told(video.srcObject, frame.captureTime);
    });
    let handle = watch();
    return () => video.cancelVideoFrameCallback(handle);
  };
}

const enough = 0.4; // of a picture, by area: with less, one sees a nose instead of a person

/**
 * The box in which a picture is shown, centred in its tile and cropped to fill the box: the whole tile
 * where the shapes are alike enough, else as much of it as leaves half of the picture to be seen.
 */
export function pictureBox(picture: Box, tile: Box): Box {
  if (picture.width <= 0 || picture.height <= 0 || tile.width <= 0 || tile.height <= 0) return tile;
  const shape = picture.width / picture.height;
  const ratio = tile.width / tile.height / shape;
  if (Math.min(ratio, 1 / ratio) >= enough) return tile;
  return { width: Math.min(tile.width, tile.height * shape * 2), height: Math.min(tile.height, (tile.width / shape) * 2) };
}

/** The place of a whole picture within another place, as large as can be. Not known yet, it takes all. */
export function contained(picture: Box, rect: Rect): Rect {
  if (picture.width <= 0 || picture.height <= 0) return rect;
  const scale = Math.min(rect.width / picture.width, rect.height / picture.height);
  const [width, height] = [Math.round(picture.width * scale), Math.round(picture.height * scale)];
  return { x: rect.x + Math.round((rect.width - width) / 2), y: rect.y + Math.round((rect.height - height) / 2), width, height };
}
