// What a page can be asked about itself. The product knows nothing of it: the functions beside this
// file run in the page before the product does and watch the browser's own objects.

/** One received track, by the id it has in the page. */
export interface Inbound {
  track: string;
  kind: 'audio' | 'video';
  frames: number; // decoded
  width: number;
  height: number;
  energy: number; // totalAudioEnergy: of what was decoded for playing
}

/** One encoding that is sent. */
export interface Outbound {
  kind: 'audio' | 'video';
  width: number;
  height: number;
  frames: number; // encoded
  bytes: number; // sent
}

/** The picture that a tile shows now. */
export interface Look {
  frames: number; // decoded of the track that is shown; of one's own picture the frames presented
  width: number; // of the picture itself, not of the tile
  height: number;
  pixels: number[]; // luma, 0 to 255, of a grid of 32 x 18
  hue: number; // of the whole, in degrees; -1 where it is grey
  elements: number; // video elements in the tile
}

export interface Probe {
  connections: RTCPeerConnection[]; // every one ever made, in order
  local: number; // how often setLocalDescription was called
  captured: MediaStreamTrack[]; // every track that a device ever gave
  violations: string[]; // of the content security policy
  inbound(): Promise<Inbound[]>;
  outbound(): Promise<Outbound[]>;
  look(tile: Element): Promise<Look>;
  /** Peaks in dB of what comes out of the speakers: at each frequency in Hz, where no tone is, and of all. */
  hear(frequencies: number[]): Promise<{ peaks: number[]; floor: number; loudest: number }>;
}

declare global {
  interface Window {
    probe: Probe;
  }
}
