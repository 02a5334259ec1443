// The sound that comes out of the speakers, as its loudness every 5 ms; and a voice in which two copies of one
// moment cannot hide.

export const hopMillis = 5;

export interface Tape {
  start: number; // ms of the wall clock
  levels: number[]; // RMS of each hop; NaN where the recorder itself lost some
}

declare global {
  interface Window {
    tape?: Tape;
  }
}

/**
 * Makes the tone of a persona sweep. Two copies of a steady tone may sum to anything between silence and twice
 * the loudness and stay there; those of a sweeping one beat, so that doubling shows as loudness.
 */
export function sweepVoice(): void {
  window.OscillatorNode = new Proxy(window.OscillatorNode, {
    construct(native, [context, options]: [BaseAudioContext, OscillatorOptions]): object {
      const voice = new native(context, options);
      const sweep = new native(context, { type: 'triangle', frequency: 2 });
      const depth = new GainNode(context, { gain: 300 });
      sweep.connect(depth).connect(voice.frequency);
      sweep.start();
      return voice;
    },
  });
}

/** Records from the moment something is played. */
export function recordSpeakers(): void {
  interface Data {
    timestamp: number;
    sampleRate: number;
    numberOfFrames: number;
    copyTo(to: Float32Array, how: { planeIndex: number; format: string }): void;
    close(): void;
  }
  type Reads = new (init: { track: MediaStreamTrack; maxBufferSize: number }) => { readable: ReadableStream<Data> };
  const Processor = (window as unknown as { MediaStreamTrackProcessor: Reads }).MediaStreamTrackProcessor;
  const connect = AudioNode.prototype.connect as (this: AudioNode, ...args: unknown[]) => AudioNode;
  let running = false;

  AudioNode.prototype.connect = function (this: AudioNode, ...args: unknown[]): AudioNode {
    if (args[0] instanceof AudioDestinationNode && !running) {
      running = true;
      const out = new MediaStreamAudioDestinationNode(this.context as AudioContext, { channelCount: 1 });
      connect.call(this, out);
      void record(out.stream.getAudioTracks()[0]!);
    }
    return connect.apply(this, args);
  } as typeof AudioNode.prototype.connect;

  async function record(track: MediaStreamTrack): Promise<void> {
    const reader = new Processor({ track, maxBufferSize: 500 }).readable.getReader();
    let [sum, count, hop, next] = [0, 0, 0, 0];
    for (;;) {
      const { value: data, done } = await reader.read();
      if (done) return;
      const { timestamp, sampleRate, numberOfFrames } = data;
      const samples = new Float32Array(numberOfFrames);
      data.copyTo(samples, { planeIndex: 0, format: 'f32-planar' });
      data.close();
      hop = Math.round(sampleRate / 200);
      const length = (numberOfFrames / sampleRate) * 1000;
      const tape = (window.tape ??= { start: performance.timeOrigin + performance.now() - length, levels: [] });
      if (next > 0) for (let lost = Math.round((timestamp - next) / 5000); lost > 0; lost--) tape.levels.push(Number.NaN);
      next = timestamp + length * 1000;
      for (const sample of samples) {
        sum += sample * sample;
        if (++count < hop) continue;
        tape.levels.push(Math.sqrt(sum / hop));
        [sum, count] = [0, 0];
      }
    }
  }
}
