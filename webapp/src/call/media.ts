// The devices of this page: camera, microphone and the list of speakers, remembered between calls, and
// its shared screen.

import { Capture, type CaptureKind } from './capture';
import { type Prefs, readPrefs, writePrefs } from './prefs';
import { Screen } from './screen';
import type { Device, Speaker } from './state';

/** What Devices tells. */
export interface DevicesPort {
  /** Inputs, tracks or the speaker are others now. */
  changed(): void;
}

/** The devices of this page. */
export class Devices {
  readonly camera: Capture;
  readonly microphone: Capture;
  readonly screen: Screen;
  speaker: Speaker;
  private readonly media: MediaDevices | null;
  private prefs: Prefs;
  private readonly relist = (): void => void this.list();

  constructor(
    private readonly storage: Storage | null,
    private readonly port: DevicesPort,
    selectable: boolean,
  ) {
    // Browsers hide mediaDevices from pages that are not secure, whatever their type says.
    const media = navigator.mediaDevices as MediaDevices | undefined;
    this.media = isSecureContext && media ? media : null;
    this.prefs = readPrefs(storage);
    const changed = (): void => this.changed();
    this.camera = new Capture('camera', { devices: this.media, changed }, this.prefs.camera);
    this.microphone = new Capture('microphone', { devices: this.media, changed }, this.prefs.microphone);
    const shares = this.media !== null && 'getDisplayMedia' in this.media;
    this.screen = new Screen({ devices: shares ? this.media : null, changed });
    this.speaker = { list: [], selectable, ...(this.prefs.speaker.id ? { chosen: this.prefs.speaker.id } : {}) };
    this.media?.addEventListener('devicechange', this.relist);
  }

  /** Takes what is wanted. */
  begin(): void {
    this.camera.begin();
    this.microphone.begin();
    void this.list();
  }

  /** Turns a device on or off, and remembers it. */
  set(kind: CaptureKind, on: boolean): void {
    this.remember({ ...this.prefs, [kind]: { ...this.prefs[kind], on } });
    this[kind].set(on);
  }

  /** Chooses a device, and remembers it. */
  choose(kind: CaptureKind | 'speaker', id: string): void {
    this.remember({ ...this.prefs, [kind]: { ...this.prefs[kind], id } });
    if (kind === 'speaker') this.showSpeaker({ chosen: id });
    else this[kind].choose(id);
  }

  /** The chosen speaker cannot be had: back to the browser's own. */
  speakerFailed(): void {
    this.showSpeaker({ chosen: 'default' });
  }

  /** Gives the devices back. */
  release(): void {
    this.camera.release();
    this.microphone.release();
    this.screen.release();
  }

  close(): void {
    this.media?.removeEventListener('devicechange', this.relist);
    this.release();
  }

  private listed = '';

  // Names of devices are hidden until one has been given, so the list is read again then.
  private changed(): void {
    const given = `${this.camera.input.status} ${this.microphone.input.status}`;
    if (given !== this.listed && given.includes('on')) void this.list();
    this.listed = given;
    this.port.changed();
  }

  private async list(): Promise<void> {
    const all = await this.media?.enumerateDevices().catch(() => []);
    const of = (kind: MediaDeviceKind): Device[] =>
      (all ?? []).filter((one) => one.kind === kind && one.deviceId !== '')
        .map(({ deviceId, label }) => ({ id: deviceId, label }));
    this.camera.found(of('videoinput'));
    this.microphone.found(of('audioinput'));
    this.showSpeaker({ list: of('audiooutput') });
  }

  private showSpeaker(change: Partial<Speaker>): void {
    this.speaker = { ...this.speaker, ...change };
    this.port.changed();
  }

  private remember(prefs: Prefs): void {
    this.prefs = prefs;
    writePrefs(this.storage, prefs);
  }
}
