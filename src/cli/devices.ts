/** `fogrun devices HOST[:PORT]`: what a brick daemon has. */
import { FogrunError } from '../contract/errors.ts';
import { listDevices } from '../devices/client.ts';
import { escapeControls } from '../domain/text.ts';
import { systemClock } from '../runtime/clock.ts';

const timeoutMs = 2_500;

export async function devices(where: string, secret: string): Promise<number> {
  const { host, port } = address(where);
  const { signal } = new AbortController();
  const found = await listDevices({ host, port, secret, timeoutMs }, { clock: systemClock, signal });
  const rows = [
    ['UID', 'DEVICE', 'CONNECTED TO', 'POSITION', 'FIRMWARE'],
    ...found.map(({ uid, name, connectedUid, position, firmware }) => [
      uid,
      name,
      connectedUid === '0' ? '-' : connectedUid,
      position,
      firmware.join('.'),
    ]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  for (const row of rows) {
    const line = row.map((cell, column) => escapeControls(cell).padEnd(widths[column]!)).join('  ');
    process.stdout.write(`${line.trimEnd()}\n`);
  }
  if (found.length === 0) process.stderr.write(`no devices at ${host}:${port}\n`);
  return 0;
}

/** `host`, `host:port`, `[v6]` or `[v6]:port`. */
function address(text: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text);
  const port = Number(match?.[3] ?? 4223);
  if (!match || port < 1 || port > 65_535) {
    throw new FogrunError('usage', `\`${text}\` is not HOST or HOST:PORT`);
  }
  return { host: match[1] ?? match[2]!, port };
}
