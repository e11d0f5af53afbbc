/** `fogrun replay FILE`: the console's page over a recording, offline. */
import { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import type { Answer, ConsoleRoute } from '../console/answer.ts';
import { createHub } from '../console/hub.ts';
import { recordingLines, summarise } from '../console/recording.ts';
import { serveConsole } from '../console/server.ts';
import { formatDuration, formatSize } from '../domain/quantities.ts';
import { escapeControls } from '../domain/text.ts';
import { knownChart } from '../inspect/drawing/known-charts.ts';
import { systemClock, systemRandom } from '../runtime/clock.ts';
import type { ConsoleAddress } from './console-address.ts';
import { warn } from './control-cli.ts';
import { version } from './version.ts';

/**
 * Serves until a signal comes.
 * @throws FogrunError `recording-unreadable`, `file-unreadable`, `address-in-use`, `address-refused`, `console-exposed`
 */
export async function replay(path: string, address: ConsoleAddress | null): Promise<number> {
  const { header, events, bytes, endedMs, pipelines, damaged, isBroken } = await summarise(path);
  const console = await serveConsole({
    ...(address ?? { host: '127.0.0.1', port: 0 }),
    ...{ hub: createHub(systemClock), version, mode: 'replay', now: () => systemClock.now() },
    life: Buffer.from(systemRandom.bytes(12)).toString('hex'),
    chart: knownChart,
    routes: [recordingRoute(path)],
  });
  const lasted = formatDuration(endedMs - header.startedMs);
  const began = new Date(header.startedMs).toISOString();
  const of = pipelines.length > 0 ? pipelines.join(', ') : 'nothing';
  if (damaged > 0) warn(`left out of the recording, since they are damaged: ${damaged} lines`);
  if (isBroken)
    warn('the rest of the recording cannot be read: it is cut off or damaged; what came before is shown');
  process.stderr.write(
    `${escapeControls(`# ${lasted} of ${of} from ${began}, by fogrun ${header.version}: ${events} events, ${formatSize(bytes)}`)}\n`,
  );
  process.stdout.write(`${console.url}\n`);
  process.stderr.write('# open it in a browser; Ctrl-C ends it\n');
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => resolve());
  });
  await console.close();
  return 0;
}

function recordingRoute(path: string): ConsoleRoute {
  return {
    path: '/api/recording',
    methods: ['GET'],
    open: false,
    answer({ request }): Answer {
      const lines = Readable.from(withEnds(recordingLines(path)), { objectMode: false });
      const headers = { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' };
      if (!/\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))) {
        return { status: 200, body: lines, headers };
      }
      const packed = createGzip({ level: 1 });
      lines.once('error', (error) => packed.destroy(error));
      packed.once('close', () => lines.destroy());
      return { status: 200, body: lines.pipe(packed), headers: { ...headers, 'content-encoding': 'gzip' } };
    },
  };
}

async function* withEnds(lines: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const line of lines) yield `${line}\n`;
}
