// The sound of the others, and how loud anybody is. In: one source per person and kind. Out: the
// speaker. A change of source is a short cross-fade, so that it neither clicks nor doubles a voice.
//
//     source -> gain --+
//     source -> gain --+--> out --> the context's own output
//                            +----> or a stream played by an <audio>, where only that can choose a speaker

import type { Ears } from './stage';
import type { LinkSource } from './link';
import type { Kind } from './kinds';

const fadeSeconds = 0.06;
// How long a context that may start needs to do so.
const startMillis = 400;
// How long a context that was told to start may take.
const againMillis = 1000;

/** What Sound tells. */
export interface SoundPort {
  /** Whether the browser wants a click before it plays anything. */
  blocked(now: boolean): void;
}

interface Voice {
  id: string;
  gain: GainNode;
  meter: AnalyserNode;
  close(): void;
}

/** Plays everybody. */
export class Sound implements Ears {
  private context: AudioContext | null = null;
  private out: GainNode | null = null;
  private voices = new Map<string, Voice>(); // by peer and kind
  private own: { track: MediaStreamTrack; meter: AnalyserNode; close(): void } | null = null;
  private speaker = '';
  private detour: HTMLAudioElement | null = null;
  private wasBlocked = false;
  private hopeless = false; // a click did not start it: there is nothing to play on
  private resumedAt = 0;
  private startTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly port: SoundPort) {}

  /** Whether this browser lets a page choose the speaker. */
  static get selectable(): boolean {
    return typeof AudioContext !== 'undefined'
      && ('setSinkId' in AudioContext.prototype || 'setSinkId' in HTMLMediaElement.prototype);
  }

  hear(peer: string, kind: Kind, source: LinkSource | null): void {
    const key = `${peer} ${kind}`;
    const was = this.voices.get(key);
    if (was?.id === source?.id) return;
    this.voices.delete(key);
    if (source === null) {
      if (was) this.fade(was, 'out');
      this.check();
      return;
    }
    const voice = this.voice(source);
    if (voice) this.voices.set(key, voice);
    if (was) this.fade(was, 'out');
    if (was && voice) this.fade(voice, 'in');
    this.check();
  }

  /** How loud a person is now, 0 to 1. */
  level(peer: string): number {
    return levelOf(this.voices.get(`${peer} microphone`)?.meter);
  }

  /** How loud the own microphone is now, 0 to 1. */
  ownLevel(track: MediaStreamTrack | null): number {
    if (this.own?.track !== track) {
      this.own?.close();
      this.own = track && clicked() ? this.meterOf(track) : null;
    }
    const now = Date.now();
    if (this.context?.state === 'suspended' && clicked() && now - this.resumedAt > againMillis) {
      this.resumedAt = now;
      this.resume();
    }
    return track?.enabled ? levelOf(this.own?.meter) : 0;
  }

  /** Chooses the speaker. False if it cannot be had. */
  async choose(speaker: string): Promise<boolean> {
    this.speaker = speaker;
    return this.route();
  }

  /** Starts the sound; works in a click. If it does not, another click will not help either. */
  turnOn(): void {
    this.resume();
    setTimeout(() => {
      this.hopeless = this.context?.state !== 'running';
      this.check();
    }, againMillis);
  }

  close(): void {
    clearTimeout(this.startTimer);
    for (const voice of this.voices.values()) voice.close();
    this.voices.clear();
    this.own?.close();
    this.own = null;
    if (this.detour) this.detour.srcObject = null;
    this.detour = null;
    if (this.context) this.context.onstatechange = null;
    void this.context?.close().catch(ignore);
    this.context = null;
    this.out = null;
    this.blockedIs(false);
  }

  private resume(): void {
    void this.context?.resume().catch(ignore);
    void this.detour?.play().catch(ignore);
  }

  // Null on a machine that has no sound at all.
  private voice(source: LinkSource): Voice | null {
    try {
      return this.makeVoice(source);
    } catch {
      return null;
    }
  }

  private makeVoice({ id, stream }: LinkSource): Voice {
    const { context, out } = this.ready();
    // Chromium gives a remote track's sound to WebAudio only while an element has the track too.
    const element = new Audio();
    element.muted = true;
    element.srcObject = stream;
    void element.play().catch(ignore);
    const node = context.createMediaStreamSource(stream);
    const gain = context.createGain();
    const meter = context.createAnalyser();
    meter.fftSize = 1024;
    node.connect(meter);
    node.connect(gain).connect(out);
    const close = (): void => {
      node.disconnect();
      gain.disconnect();
      element.srcObject = null;
    };
    return { id, gain, meter, close };
  }

  private fade({ gain, close }: Voice, way: 'in' | 'out'): void {
    const { context } = this.ready();
    try {
      gain.gain.setValueCurveAtTime(way === 'in' ? rise : fall, context.currentTime, fadeSeconds);
    } catch {
      // It is in the middle of another fade: the end of that one will do.
      gain.gain.cancelScheduledValues(context.currentTime);
      gain.gain.value = way === 'in' ? 1 : 0;
    }
    if (way === 'out') setTimeout(close, fadeSeconds * 1000 * 2);
  }

  private meterOf(track: MediaStreamTrack): { track: MediaStreamTrack; meter: AnalyserNode; close(): void } {
    const { context } = this.ready();
    const node = context.createMediaStreamSource(new MediaStream([track]));
    const meter = context.createAnalyser();
    meter.fftSize = 1024;
    node.connect(meter);
    return { track, meter, close: () => node.disconnect() };
  }

  private ready(): { context: AudioContext; out: GainNode } {
    if (this.context && this.out) return { context: this.context, out: this.out };
    const context = new AudioContext({ latencyHint: 'interactive' });
    const out = context.createGain();
    this.context = context;
    this.out = out;
    context.onstatechange = () => this.check();
    this.startTimer = setTimeout(() => this.check(true), startMillis);
    out.connect(context.destination);
    void this.route();
    return { context, out };
  }

  private async route(): Promise<boolean> {
    const { context, out, speaker } = this;
    if (!context || !out) return true;
    try {
      if ('setSinkId' in context && typeof context.setSinkId === 'function') {
        await context.setSinkId(speaker === 'default' ? '' : speaker);
      } else if (speaker !== '' && speaker !== 'default') {
        await this.takeDetour(context, out);
      } else if (this.detour) {
        out.disconnect();
        out.connect(context.destination);
        this.detour.srcObject = null;
        this.detour = null;
      }
      return true;
    } catch {
      return false;
    }
  }

  private async takeDetour(context: AudioContext, out: GainNode): Promise<void> {
    const element = this.detour ?? new Audio();
    await element.setSinkId(this.speaker);
    if (this.detour) return;
    const stream = context.createMediaStreamDestination();
    out.disconnect();
    out.connect(stream);
    element.srcObject = stream.stream;
    this.detour = element;
    void element.play().catch(ignore);
  }

  // A context starts a moment after it was made; only then is it known that the browser forbids it.
  private check(late = false): void {
    if (this.context?.state === 'running') this.hopeless = false;
    if (this.context?.state === 'running' || this.hopeless) this.blockedIs(false);
    else if (late || this.wasBlocked) this.blockedIs(this.voices.size > 0);
    else {
      clearTimeout(this.startTimer);
      this.startTimer = setTimeout(() => this.check(true), startMillis);
    }
  }

  private blockedIs(now: boolean): void {
    if (now === this.wasBlocked) return;
    this.wasBlocked = now;
    this.port.blocked(now);
  }
}

// Equal power: the sum of the squares of both is one all the way.
const rise = Float32Array.from({ length: 33 }, (_, n) => Math.sin((n / 32) * (Math.PI / 2)));
const fall = Float32Array.from(rise).reverse();

// Older browsers do not tell whether the person has done anything in the page.
function clicked(): boolean {
  return (navigator.userActivation as UserActivation | undefined)?.hasBeenActive ?? false;
}

const quietDecibels = -60;
const loudDecibels = -12;

function levelOf(meter: AnalyserNode | undefined): number {
  if (!meter) return 0;
  const samples = new Float32Array(meter.fftSize);
  meter.getFloatTimeDomainData(samples);
  const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
  const decibels = 10 * Math.log10(power + 1e-12);
  return Math.min(1, Math.max(0, (decibels - quietDecibels) / (loudDecibels - quietDecibels)));
}

function ignore(): void {
  // the browser refuses to play: `blocked` tells so
}
