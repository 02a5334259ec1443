// Pictures that say when they were taken, and a camera on the viewer's side that films what each tile shows.

/** A new picture in a tile, as a person would see it. */
export interface Sight {
  at: number; // when it was seen, ms of the wall clock
  number: number; // what is painted in it, 0 to 65535; -1 if nothing can be read
  side: 0 | 1; // which of the tile's two elements showed it
}

export interface Film {
  sights: Record<string, Sight[]>; // of the others' tiles, by the name on it
  blank: Record<string, number>; // ms for which a tile that had shown a picture showed none
  orders: string[][]; // of the tiles as they are read, whenever it changed
  statuses: { at: number; text: string }[]; // of the connection, whenever it changed
}

declare global {
  interface Window {
    film?: Film;
    readNumber(video: HTMLVideoElement): number;
  }
}

/** Paints the time of day as 20 bars (e2e/clips/paint.mjs says what they mean), above them something that moves. */
export function paintTime({ width, height, hue }: { width: number; height: number; hue: number }): void {
  const draw = (brush: CanvasRenderingContext2D, tick: number): void => {
    brush.fillStyle = `hsl(${hue} 60% 45%)`;
    brush.fillRect(0, 0, width, height);
    // Enough that changes for an encoder to have work.
    for (let n = 0; n < 24; n++) {
      const seed = (tick * 31 + n * 97) % 101;
      brush.fillStyle = `hsl(${(hue + seed * 3) % 360} 70% ${20 + (seed % 60)}%)`;
      brush.fillRect(((n * 0.041 * width) + tick * (n % 5)) % width, (seed / 101) * height * 0.7, width / 16, height / 12);
    }
    const number = Math.floor(Date.now() / 10) % 65536;
    const digits = number.toString(2).padStart(16, '0');
    const ones = [...digits].filter((bit) => bit === '1').length % 4;
    const bits = `10${digits}${ones.toString(2).padStart(2, '0')}`;
    [...bits].forEach((bit, at) => {
      brush.fillStyle = bit === '1' ? '#fff' : '#000';
      const left = Math.round((at * width) / 20);
      brush.fillRect(left, height * 0.75, Math.round(((at + 1) * width) / 20) - left, height * 0.25);
    });
  };
  window.face = { width, height, draw };
}

/** Reads what paintTime, or a bot, has painted into the picture that an element shows; -1 if there is none. */
export function readNumbers(): void {
  const canvas = new OffscreenCanvas(80, 4);
  const brush = canvas.getContext('2d', { willReadFrequently: true })!;
  window.readNumber = (video) => {
    const { videoWidth: width, videoHeight: height } = video;
    brush.drawImage(video, 0, height * 0.82, width, height * 0.1, 0, 0, 80, 4);
    const { data } = brush.getImageData(0, 1, 80, 2);
    let bits = 0;
    for (let bar = 0; bar < 20; bar++) {
      const at = (bar * 4 + 1) * 4;
      const level = (data[at + 1]! + data[at + 5]! + data[at + 321]! + data[at + 325]!) / 4;
      if (level > 80 && level < 175) return -1;
      bits = bits * 2 + (level >= 175 ? 1 : 0);
    }
    const number = (bits >> 2) & 0xffff;
    const ones = number.toString(2).replaceAll('0', '').length % 4;
    return bits >> 18 === 0b10 && (bits & 3) === ones ? number : -1;
  };
}

/** Films from the moment the page is there, once for each picture that the screen shows. */
export function filmTiles(): void {
  const film: Film = { sights: {}, blank: {}, orders: [], statuses: [] };
  window.film = film;
  const last = new Map<string, { video: HTMLVideoElement; frames: number; seen: number }>();

  function look(tile: HTMLElement, name: string, now: number): void {
    const videos = [...tile.querySelectorAll('video')];
    const visible = { opacityProperty: true, visibilityProperty: true };
    const video = videos.findLast((one) => one.videoWidth > 0 && one.checkVisibility(visible));
    const before = last.get(name);
    if (!video) {
      if (!before) return;
      film.blank[name] = (film.blank[name] ?? 0) + now - before.seen;
      before.seen = now;
      return;
    }
    const frames = video.getVideoPlaybackQuality().totalVideoFrames;
    const known = before?.video === video && before.frames === frames;
    last.set(name, { video, frames, seen: now });
    if (known) return;
    const side = videos.indexOf(video) === 0 ? 0 : 1;
    const sights = (film.sights[name] ??= []);
    const number = window.readNumber(video);
    const previous = sights.at(-1);
    if (previous?.number === number && previous.side === side) return;
    sights.push({ at: performance.timeOrigin + now, number, side });
  }

  function note(tiles: HTMLElement[], names: string[], now: number): void {
    const places = tiles.map(({ style }, at) => ({ name: names[at]!, top: Number.parseFloat(style.top), left: Number.parseFloat(style.left) }));
    const order = places.toSorted((one, other) => one.top - other.top || one.left - other.left).map(({ name }) => name);
    if (order.join('\n') !== film.orders.at(-1)?.join('\n')) film.orders.push(order);
    const text = document.querySelector('[role="status"][aria-label="Connection"]')?.textContent?.trim() ?? '';
    if (text !== (film.statuses.at(-1)?.text ?? '')) film.statuses.push({ at: performance.timeOrigin + now, text });
  }

  const frame = (now: number): void => {
    const tiles = [...document.querySelectorAll<HTMLElement>('[aria-label="Call"] [role="group"]')];
    const labels = tiles.map((tile) => tile.getAttribute('aria-label')!.split(', '));
    note(tiles, labels.map(([name]) => name!), now);
    for (const [at, [name, second]] of labels.entries()) if (second !== 'you') look(tiles[at]!, name!, now);
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}
