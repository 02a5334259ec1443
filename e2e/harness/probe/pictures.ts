import type { Look } from './types';

/** Looks at the picture that a tile shows: the topmost of its video elements, as a person sees it. */
export function watchPictures(): void {
  const canvas = document.createElement('canvas');
  canvas.width = 32;
  canvas.height = 18;
  const brush = canvas.getContext('2d', { willReadFrequently: true })!;

  function front(tile: Element): HTMLVideoElement | undefined {
    const seen = [...tile.querySelectorAll('video')].filter(
      (video) => video.videoWidth > 0 && video.checkVisibility({ opacityProperty: true, visibilityProperty: true }),
    );
    // Of two that lie on each other the later or the higher one is on top.
    const height = (video: HTMLVideoElement): number => Number.parseInt(getComputedStyle(video).zIndex, 10) || 0;
    return seen.toSorted((one, other) => height(one) - height(other)).at(-1);
  }

  function paint(video: HTMLVideoElement): Pick<Look, 'pixels' | 'hue'> {
    brush.drawImage(video, 0, 0, canvas.width, canvas.height);
    const { data } = brush.getImageData(0, 0, canvas.width, canvas.height);
    const pixels: number[] = [];
    const sum = [0, 0, 0];
    for (let at = 0; at < data.length; at += 4) {
      const [red, green, blue] = [data[at]!, data[at + 1]!, data[at + 2]!];
      pixels.push(Math.round(0.3 * red + 0.59 * green + 0.11 * blue));
      sum[0]! += red;
      sum[1]! += green;
      sum[2]! += blue;
    }
    return { pixels, hue: hue(sum[0]!, sum[1]!, sum[2]!) };
  }

  function hue(red: number, green: number, blue: number): number {
    const top = Math.max(red, green, blue);
    const spread = top - Math.min(red, green, blue);
    if (spread < 0.1 * top) return -1;
    const sixth =
      top === red ? (green - blue) / spread : top === green ? 2 + (blue - red) / spread : 4 + (red - green) / spread;
    return Math.round((sixth * 60 + 360) % 360);
  }

  window.probe.look = async (tile) => {
    const elements = tile.querySelectorAll('video').length;
    const video = front(tile);
    if (!video) return { frames: 0, width: 0, height: 0, pixels: [], hue: -1, elements };
    const track = (video.srcObject as MediaStream).getVideoTracks()[0]?.id;
    const received = (await window.probe.inbound()).find((one) => one.track === track);
    const frames = received?.frames ?? video.getVideoPlaybackQuality().totalVideoFrames;
    return { frames, width: video.videoWidth, height: video.videoHeight, elements, ...paint(video) };
  };
}
