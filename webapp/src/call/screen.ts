// One's own shared screen. In: what the person wants, and the browser's own stop button. Out: a
// picture and perhaps a sound, and the Share to be shown.
//
//     off --wanted--> starting --chosen--> on --not wanted, or stopped in the browser--> off
//                         +--refused--> off     +--no screen to be had--> failed

import { problemOf } from './capture';
import type { Share } from './state';

/** What a Screen needs around it. */
export interface ScreenPort {
  /** Null where the browser shares no screens. */
  devices: Pick<MediaDevices, 'getDisplayMedia'> | null;
  /** Share or tracks are others now. */
  changed(): void;
}

// Sharp text: the full size, and few pictures a second. What moves on a screen is seldom a film.
const wish: DisplayMediaStreamOptions = {
  video: { frameRate: { ideal: 8, max: 15 } },
  audio: {
    echoCancellation: false,
    noiseSuppression: false,
    autoGainControl: false,
    restrictOwnAudio: true, // the call's own voices must not come back to those who speak
  } as MediaTrackConstraints,
};

/** The screen that this page shares. */
export class Screen {
  share: Share;
  picture: MediaStreamTrack | null = null;
  sound: MediaStreamTrack | null = null;
  private tries = 0;

  constructor(private readonly port: ScreenPort) {
    this.share = { possible: port.devices !== null, status: 'off' };
  }

  /** Shares, or stops. */
  set(on: boolean): void {
    if (!on) this.release();
    else if (this.share.status !== 'on' && this.share.status !== 'starting') void this.start();
  }

  /** Stops sharing. */
  release(): void {
    this.tries++;
    this.let(null, null);
    this.show({ status: 'off' });
  }

  private async start(): Promise<void> {
    const attempt = ++this.tries;
    const { devices } = this.port;
    if (!devices) return;
    this.show({ status: 'starting' });
    try {
      const stream = await devices.getDisplayMedia(wish);
      const [picture = null] = stream.getVideoTracks();
      const [sound = null] = stream.getAudioTracks();
      if (attempt === this.tries && picture) this.use(picture, sound);
      else for (const track of stream.getTracks()) track.stop();
    } catch (error) {
      if (attempt === this.tries) this.refused(error);
    }
  }

  private use(picture: MediaStreamTrack, sound: MediaStreamTrack | null): void {
    picture.contentHint = 'detail';
    // The browser's own stop button ends the track.
    picture.onended = () => {
      if (this.picture === picture) this.release();
    };
    this.let(picture, sound);
    this.show({ status: 'on' });
  }

  // Whoever closes the browser's question has changed their mind: there is nothing to be told.
  private refused(error: unknown): void {
    const problem = problemOf(error);
    const system = error instanceof Error && error.message.includes('system');
    this.show(problem === 'denied' && !system ? { status: 'off' } : { status: 'failed', problem });
  }

  private let(picture: MediaStreamTrack | null, sound: MediaStreamTrack | null): void {
    const were = [this.picture, this.sound];
    this.picture = picture;
    this.sound = sound;
    for (const track of were) track?.stop();
  }

  private show(change: Omit<Share, 'possible'>): void {
    const same = change.status === this.share.status && change.problem === this.share.problem;
    if (same) return;
    this.share = { possible: this.share.possible, ...change };
    this.port.changed();
  }
}
