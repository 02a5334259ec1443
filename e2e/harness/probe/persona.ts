/** A face and a voice of one's own: a moving picture of one hue, and a tone. */
export interface Persona {
  hue: number; // degrees
  tone: number; // Hz
}

/** A picture that moves. A script that runs earlier may leave another one than the plain one. */
export interface Face {
  width: number;
  height: number;
  draw(brush: CanvasRenderingContext2D, tick: number): void;
}

declare global {
  interface Window {
    face?: Face;
  }
}

/** Stands in for the devices, after the browser has granted them: what they give is the persona's. */
export function become({ hue, tone }: Persona): void {
  const devices = window.MediaDevices?.prototype;
  if (!devices) return;

  // Small, so that five people fit on two cores.
  const plain: Face = {
    width: 320,
    height: 180,
    draw: (brush, tick) => {
      brush.fillStyle = `hsl(${hue} 80% ${40 + 10 * Math.sin(tick / 5)}%)`;
      brush.fillRect(0, 0, 320, 180);
      brush.fillStyle = `hsl(${hue} 80% 80%)`;
      brush.fillRect((tick * 8) % 320, 60, 40, 60);
    },
  };
  const { width, height, draw } = window.face ?? plain;

  function picture(): MediaStreamTrack {
    const canvas = document.createElement('canvas');
    canvas.width = width;
    canvas.height = height;
    const brush = canvas.getContext('2d')!;
    let tick = 0;
    draw(brush, tick);
    const track = canvas.captureStream(15).getVideoTracks()[0]!;
    const timer = setInterval(() => (track.readyState === 'live' ? draw(brush, ++tick) : clearInterval(timer)), 66);
    return track;
  }

  function voice(): MediaStreamTrack {
    const context = new AudioContext();
    const out = new MediaStreamAudioDestinationNode(context, { channelCount: 1 });
    const gain = new GainNode(context, { gain: 0.3 });
    const oscillator = new OscillatorNode(context, { frequency: tone });
    oscillator.connect(gain).connect(out);
    oscillator.start();
    addEventListener('click', () => void context.resume(), { capture: true });
    return out.stream.getAudioTracks()[0]!;
  }

  const capture = devices.getUserMedia;
  devices.getUserMedia = async function (constraints): Promise<MediaStream> {
    const granted = await capture.call(this, constraints);
    const tracks = granted.getTracks().map((device) => {
      const own = device.kind === 'video' ? picture() : voice();
      const stop = own.stop.bind(own);
      own.stop = () => {
        stop();
        device.stop();
      };
      const settings = device.getSettings();
      own.getSettings = () => ({ ...settings, ...(device.kind === 'video' && { width, height }) });
      return own;
    });
    return new MediaStream(tracks);
  };
}
