import type { Inbound, Outbound, Probe } from './types';

/** Keeps every RTCPeerConnection and every captured track, and reads their statistics. */
export function watchConnections(): void {
  const probe = { connections: [], local: 0, captured: [], violations: [] } as unknown as Probe;
  window.probe = probe;

  document.addEventListener('securitypolicyviolation', (event) => {
    probe.violations.push(`${event.violatedDirective}: ${event.blockedURI}`);
  });

  window.RTCPeerConnection = new Proxy(window.RTCPeerConnection, {
    construct(native, args, target): object {
      const connection = Reflect.construct(native, args, target) as RTCPeerConnection;
      probe.connections.push(connection);
      return connection;
    },
  });
  RTCPeerConnection.prototype.setLocalDescription = new Proxy(RTCPeerConnection.prototype.setLocalDescription, {
    apply(native, connection, args): Promise<void> {
      probe.local++;
      return Reflect.apply(native, connection, args) as Promise<void>;
    },
  });

  const devices = window.MediaDevices?.prototype;
  const capture = devices?.getUserMedia;
  if (devices && capture) {
    devices.getUserMedia = async function (constraints): Promise<MediaStream> {
      const stream = await capture.call(this, constraints);
      probe.captured.push(...stream.getTracks());
      return stream;
    };
  }

  async function stats(type: string): Promise<Record<string, never>[]> {
    const live = probe.connections.filter((connection) => connection.connectionState !== 'closed');
    const reports = await Promise.all(live.map((connection) => connection.getStats()));
    return reports.flatMap((report) => Array.from(report.values())).filter((entry) => entry.type === type);
  }

  probe.inbound = async () =>
    (await stats('inbound-rtp')).map(
      (entry): Inbound => ({
        track: entry.trackIdentifier!,
        kind: entry.kind!,
        frames: entry.framesDecoded ?? 0,
        width: entry.frameWidth ?? 0,
        height: entry.frameHeight ?? 0,
        energy: entry.totalAudioEnergy ?? 0,
      }),
    );
  probe.outbound = async () =>
    (await stats('outbound-rtp')).map(
      (entry): Outbound => ({
        kind: entry.kind!,
        width: entry.frameWidth ?? 0,
        height: entry.frameHeight ?? 0,
        frames: entry.framesEncoded ?? 0,
        bytes: entry.bytesSent ?? 0,
      }),
    );
}
