// One's own camera or microphone. In: what the person wants. Out: a track or none, and the Input to
// be shown.
//
//     off --wanted--> starting --given--> on --not wanted, camera--> off (the light goes out)
//                         +--refused--> failed    +--unplugged--> starting
//
// A muted microphone keeps its track, disabled, so that unmuting takes no time; a camera that is off
// is released. There are no stand-in tracks.

import type { InputPrefs } from './prefs';
import type { Device, Input, Problem } from './state';

/** Which device. */
export type CaptureKind = 'camera' | 'microphone';

/** What a Capture needs around it. */
export interface CapturePort {
  /** Null where the browser gives no devices: the page is not secure. */
  devices: MediaDevices | null;
  /** Input or track is another now. */
  changed(): void;
}

/** One device of a kind. */
export class Capture {
  input: Input;
  /** What it gives; null while there is nothing. */
  track: MediaStreamTrack | null = null;
  private tries = 0;

  constructor(
    private readonly kind: CaptureKind,
    private readonly port: CapturePort,
    prefs: InputPrefs,
  ) {
    this.input = { wanted: prefs.on, status: 'off', list: [], ...(prefs.id ? { chosen: prefs.id } : {}) };
  }

  /** Does what is wanted; also after release. */
  begin(): void {
    if (this.input.wanted) void this.start();
  }

  /** Turns it on or off. */
  set(on: boolean): void {
    this.show({ wanted: on });
    if (!on && this.kind === 'camera') this.release();
    else if (this.track) this.gate();
    else if (on && this.input.status !== 'starting') void this.start();
    else if (!on) this.release();
  }

  /** Takes another device. */
  choose(id: string): void {
    this.show({ chosen: id });
    if (this.track || this.input.wanted) void this.start();
  }

  /** Takes note of the devices there are. */
  found(list: Device[]): void {
    const before = this.input.list.length;
    this.show({ list });
    const appeared = list.length > before && this.input.status === 'failed' && this.input.problem === 'missing';
    if (appeared && this.input.wanted) void this.start();
  }

  /** Gives the device back. */
  release(): void {
    if (this.input.status === 'off') return;
    this.tries++;
    this.let(null);
    this.show({ status: 'off' });
  }

  private async start(): Promise<void> {
    const attempt = ++this.tries;
    const { devices } = this.port;
    if (!devices) return this.fail('insecure');
    if (!this.track) this.show({ status: 'starting' });
    try {
      const track = await this.take(devices, attempt);
      if (attempt !== this.tries) return track?.stop();
      if (track) this.use(track);
      else this.fail('missing');
    } catch (error) {
      if (attempt === this.tries) this.fail(problemOf(error));
    }
  }

  private async take(devices: MediaDevices, attempt: number): Promise<MediaStreamTrack | undefined> {
    const { chosen, list } = this.input;
    const listed = list.length === 0 || list.some(({ id }) => id === chosen);
    const id = listed ? chosen : undefined;
    try {
      return await this.ask(devices, id);
    } catch (error) {
      const problem = problemOf(error);
      const beside = problem === 'busy' && this.track !== null; // some open only one at a time
      if (attempt !== this.tries || (!beside && (id === undefined || problem === 'denied'))) throw error;
      if (beside) this.let(null);
      return this.ask(devices, beside ? id : undefined);
    }
  }

  private async ask(devices: MediaDevices, id: string | undefined): Promise<MediaStreamTrack | undefined> {
    const device = id === undefined ? {} : { deviceId: { exact: id } };
    if (this.kind === 'camera') {
      const video = { ...device, width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
      return (await devices.getUserMedia({ video })).getVideoTracks()[0];
    }
    const audio = { ...device, echoCancellation: true, noiseSuppression: true, autoGainControl: true };
    return (await devices.getUserMedia({ audio })).getAudioTracks()[0];
  }

  private use(track: MediaStreamTrack): void {
    track.onended = () => {
      if (this.track !== track) return; // it was stopped here
      this.let(null);
      if (this.input.wanted) void this.start();
      else this.show({ status: 'off' });
    };
    const chosen = track.getSettings().deviceId ?? this.input.chosen;
    this.let(track);
    this.show({ status: 'on', ...(chosen ? { chosen } : {}) });
    this.gate();
  }

  private gate(): void {
    if (this.track) this.track.enabled = this.input.wanted;
    this.port.changed();
  }

  private let(track: MediaStreamTrack | null): void {
    const was = this.track;
    this.track = track;
    was?.stop();
  }

  private fail(problem: Problem): void {
    this.let(null);
    this.show({ status: 'failed', problem });
  }

  private show(change: Partial<Input>): void {
    const { problem: _old, ...rest } = this.input;
    const kept = change.status === undefined && this.input.problem ? { problem: this.input.problem } : {};
    this.input = { ...rest, ...kept, ...change };
    this.port.changed();
  }
}

/** Why a browser did not give a device. */
export function problemOf(error: unknown): Problem {
  switch (error instanceof Error ? error.name : '') {
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'missing';
    case 'NotAllowedError':
    case 'SecurityError':
      return 'denied';
    case 'NotReadableError':
    case 'AbortError':
      return 'busy';
    default:
      return 'failed';
  }
}
