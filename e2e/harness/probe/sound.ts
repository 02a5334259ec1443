/** Listens at the speakers: to whatever Web Audio or a media element plays out. */
export function watchSound(): void {
  const size = 8192;
  const taps = new Map<object, AnalyserNode>();
  const players = new Set<HTMLMediaElement>();

  function tap(owner: object, context: BaseAudioContext): AnalyserNode {
    const known = taps.get(owner);
    if (known) return known;
    const analyser = new AnalyserNode(context, { fftSize: size, smoothingTimeConstant: 0 });
    taps.set(owner, analyser);
    return analyser;
  }

  const connect = AudioNode.prototype.connect as (this: AudioNode, ...args: unknown[]) => AudioNode;
  AudioNode.prototype.connect = function (this: AudioNode, ...args: unknown[]): AudioNode {
    if (args[0] instanceof AudioDestinationNode) connect.call(this, tap(this.context, this.context));
    return connect.apply(this, args);
  } as typeof AudioNode.prototype.connect;

  HTMLMediaElement.prototype.play = new Proxy(HTMLMediaElement.prototype.play, {
    apply: (native, element, args) => (players.add(element), Reflect.apply(native, element, args)),
  });

  // A media element is heard by its stream: muted, paused and silent ones are not.
  function listenToPlayers(): AnalyserNode[] {
    for (const element of document.querySelectorAll<HTMLMediaElement>('audio, video')) players.add(element);
    return [...players].flatMap((element) => {
      const stream = element.srcObject;
      if (!(stream instanceof MediaStream) || element.muted || element.paused || element.volume === 0) return [];
      if (stream.getAudioTracks().length === 0) return [];
      let analyser = taps.get(stream);
      if (!analyser) {
        const context = new AudioContext();
        analyser = tap(stream, context);
        connect.call(context.createMediaStreamSource(stream), analyser);
      }
      return [analyser];
    });
  }

  window.probe.hear = async (frequencies) => {
    const playing = new Set(listenToPlayers());
    for (const [owner, analyser] of taps) if (owner instanceof BaseAudioContext) playing.add(analyser);
    const spectra = [...playing]
      .filter((analyser) => analyser.context.state === 'running')
      .map((analyser) => {
        const spectrum = new Float32Array(analyser.frequencyBinCount);
        analyser.getFloatFrequencyData(spectrum);
        return { spectrum, width: analyser.context.sampleRate / size };
      });
    const peak = (low: number, high: number): number =>
      Math.max(
        -200,
        ...spectra.map(({ spectrum, width }) =>
          Math.max(-200, ...spectrum.subarray(Math.floor(low / width), Math.ceil(high / width) + 1)),
        ),
      );
    return { peaks: frequencies.map((hertz) => peak(hertz - 15, hertz + 15)), floor: peak(2_000, 2_600), loudest: peak(100, 1_500) };
  };
}
