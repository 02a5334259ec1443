// The messages between a page and a relay on the `control` channel, as relay/PROTOCOL.md has them:
// the twin of relay/control.go, bound to it by relay/testdata/control.json. Pure.

/** One line of the slot table: what a receiving slot carries. Kinds are numbered as in kinds.ts. */
export interface Seat {
  slot: number;
  member: number;
  kind: number;
}

/** What a relay says. */
export type Told =
  | { type: 'members'; members: { number: number; id: string }[] }
  | { type: 'table'; revision: number; audio: Seat[]; video: Seat[] }
  | ({ type: 'filled'; timestamp: number } & Seat)
  | { type: 'speakers'; speaker: number; levels: { number: number; level: number }[] }
  | { type: 'slots'; audio: number; video: number }
  | { type: 'layers'; kind: number; mask: number }
  | { type: 'held'; slots: number[] };

/** One tile that a page shows. */
export interface Viewed {
  member: number;
  kind: number;
  width: number;
  height: number;
  pinned: boolean;
}

/** One layer that a page sends. */
export interface LayerSize {
  width: number;
  height: number;
  kbps: number;
}

/** Reads a message. Null for one that is malformed or of a type that is not known here. */
export function decode(data: ArrayBuffer): Told | null {
  const reader = new Reader(new DataView(data));
  const told = read(reader, reader.u8());
  return reader.fits ? told : null;
}

function read(r: Reader, type: number): Told | null {
  switch (type) {
    case 0x01:
      return { type: 'members', members: r.list(r.u16(), () => ({ number: r.u16(), id: r.text(r.u8()) })) };
    case 0x02:
      return { type: 'table', revision: r.u32(), audio: r.list(r.u8(), () => r.seat()), video: r.list(r.u8(), () => r.seat()) };
    case 0x03:
      return { type: 'filled', ...r.seat(), timestamp: r.u32() };
    case 0x04:
      return { type: 'speakers', speaker: r.u16(), levels: r.list(r.u8(), () => ({ number: r.u16(), level: r.u8() })) };
    case 0x05:
      return { type: 'slots', audio: r.u8(), video: r.u8() };
    case 0x06:
      return { type: 'layers', kind: r.u8(), mask: r.u8() };
    case 0x07:
      return { type: 'held', slots: r.list(r.u8(), () => r.u8()) };
    default:
      return null;
  }
}

/** A revision of the table has been followed. */
export function ack(revision: number): ArrayBuffer {
  return new Writer(0x81).u32(revision).done();
}

/** Everything that the page shows. */
export function view(tiles: readonly Viewed[]): ArrayBuffer {
  const list = tiles.slice(0, 255);
  const writer = new Writer(0x82).u8(list.length);
  for (const { member, kind, width, height, pinned } of list) {
    writer.u16(member).u8(kind).u16(width).u16(height).u8(pinned ? 1 : 0);
  }
  return writer.done();
}

/** What all links between pages carry, in kbit/s. */
export function mesh(up: number, down: number): ArrayBuffer {
  return new Writer(0x83).u32(up).u32(down).done();
}

/** What the page sends of a kind, layers smallest first. */
export function announce(kind: number, on: boolean, layers: readonly LayerSize[]): ArrayBuffer {
  const writer = new Writer(0x84).u8(kind).u8(on ? 1 : 0).u8(layers.length);
  for (const { width, height, kbps } of layers) writer.u16(width).u16(height).u16(kbps);
  return writer.done();
}

// Takes numbers off a message; `fits` is false once something was missing or is left over.
class Reader {
  private at = 0;
  private short = false;

  constructor(private readonly data: DataView) {}

  get fits(): boolean {
    return !this.short && this.at === this.data.byteLength;
  }

  u8(): number {
    return this.take(1) ? this.data.getUint8(this.at - 1) : 0;
  }

  u16(): number {
    return this.take(2) ? this.data.getUint16(this.at - 2) : 0;
  }

  u32(): number {
    return this.take(4) ? this.data.getUint32(this.at - 4) : 0;
  }

  text(length: number): string {
    if (!this.take(length)) return '';
    return new TextDecoder().decode(new Uint8Array(this.data.buffer, this.data.byteOffset + this.at - length, length));
  }

  seat(): Seat {
    return { slot: this.u8(), member: this.u16(), kind: this.u8() };
  }

  list<Item>(count: number, item: () => Item): Item[] {
    const items: Item[] = [];
    for (let n = 0; n < count && !this.short; n++) items.push(item());
    return items;
  }

  private take(bytes: number): boolean {
    if (this.at + bytes > this.data.byteLength) this.short = true;
    else this.at += bytes;
    return !this.short;
  }
}

class Writer {
  private readonly bytes: number[];

  constructor(type: number) {
    this.bytes = [type];
  }

  u8(value: number): this {
    this.bytes.push(bounded(value, 0xff));
    return this;
  }

  u16(value: number): this {
    const whole = bounded(value, 0xffff);
    this.bytes.push(whole >>> 8, whole & 0xff);
    return this;
  }

  u32(value: number): this {
    const whole = bounded(value, 0xffffffff);
    this.bytes.push(whole >>> 24, (whole >>> 16) & 0xff, (whole >>> 8) & 0xff, whole & 0xff);
    return this;
  }

  done(): ArrayBuffer {
    return new Uint8Array(this.bytes).buffer;
  }
}

function bounded(value: number, most: number): number {
  return Math.min(Math.max(Math.round(value), 0), most);
}
