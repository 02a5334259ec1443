/**
 * Makes the page do what others do: when the plan moves the room, what carried it until then is torn down before the
 * new ways are there. For comparison alone.
 */
export function breakFirst(): void {
  let mode: string | undefined;
  window.WebSocket = new Proxy(window.WebSocket, {
    construct(native, args: ConstructorParameters<typeof WebSocket>): object {
      const socket = new native(...args);
      socket.addEventListener('message', ({ data }) => { // before the page's own listener
        const { plan } = JSON.parse(String(data)) as { plan?: { mode: string } };
        if (plan === undefined) return;
        if (mode !== undefined && plan.mode !== mode) tearDown(mode);
        mode = plan.mode;
      });
      return socket;
    },
  });

  // Only a link to a relay has lines that receive alone.
  function tearDown(old: string): void {
    for (const connection of window.probe.connections) {
      const relayed = connection.getTransceivers().some(({ direction }) => direction === 'recvonly');
      if (relayed === (old === 'relay')) connection.close();
    }
  }
}
