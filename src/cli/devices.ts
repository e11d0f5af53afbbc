/** `fogrun devices HOST[:PORT]`: what a brick daemon has. */
import { FogrunError } from '../contract/errors.ts';
import { listDevices } from '../devices/client.ts';
import { findBricklet } from '../domain/bricklets.ts';
import { escapeControls } from '../domain/text.ts';
import { systemClock } from '../runtime/clock.ts';

const timeoutMs = 2_500;

export interface DevicesOptions {
  readonly secret: string;
  readonly json: boolean;
}

export async function devices(where: string, { secret, json }: DevicesOptions): Promise<number> {
  const { host, port } = address(where);
  const { signal } = new AbortController();
  const found = await listDevices({ host, port, secret, timeoutMs }, { clock: systemClock, signal }).catch(
    (thrown) => {
      if (!(thrown instanceof FogrunError) || thrown.code !== 'device-unreachable') throw thrown;
      // The address was typed: no variable is to blame.
      const advice = 'Start the brick daemon there, or check the address.';
      throw new FogrunError(thrown.code, thrown.message, { advice, cause: thrown });
    },
  );
  const listed = found.map((device) => {
    const bricklet = findBricklet(device.identifier);
    const sensors = bricklet?.quantities.map(({ sensor, unit }) => ({ sensor, unit })) ?? [];
    return { ...device, type: bricklet?.type ?? null, sensors };
  });
  if (json) {
    process.stdout.write(`${JSON.stringify(listed)}\n`);
    return 0;
  }
  const rows = [
    ['UID', 'DEVICE', 'TYPE', 'SENSORS', 'CONNECTED TO', 'POSITION', 'FIRMWARE'],
    ...listed.map(({ uid, name, type, sensors, connectedUid, position, firmware }) => [
      uid,
      name,
      type ?? '-',
      sensors.map(({ sensor }) => sensor).join(', ') || '-',
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
