const transportNames: Readonly<Record<string, string>> = {
  websocket: 'WebSocket',
  http_stream: 'HTTP stream',
  sse: 'SSE',
  uni_websocket: 'WebSocket, one way',
  uni_http_stream: 'HTTP stream, one way',
  uni_sse: 'SSE, one way',
}

/** What people call a transport. */
export function transportName(name: string): string {
  return transportNames[name] ?? name
}

/** `0`, `340 bytes`, `12 KiB`, `1.5 MiB`. */
export function bytesInWords(bytes: number): string {
  if (bytes === 0) return '0'
  if (bytes < 1024) return `${bytes} bytes`
  if (bytes < 1024 * 1024) return `${Math.round(bytes / 1024)} KiB`
  return `${Math.round((bytes / 1024 / 1024) * 10) / 10} MiB`
}
