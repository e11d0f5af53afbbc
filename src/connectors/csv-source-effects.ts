/** Effects of the kind `csv-source`: a CSV file into a port, with its position. */
import { basename, resolve } from 'node:path';
import type { CsvEvent, CsvSourceConfig, CsvSourceEffects } from '../../machines/csv-source.ts';
import { sleep } from '../contract/clock.ts';
import { FogrunError, toProblem } from '../contract/errors.ts';
import type { Batch } from '../contract/port.ts';
import type { CsvRow } from '../domain/csv.ts';
import { type CsvReader, type CsvRules, csvReader } from '../domain/csv-readings.ts';
import { encodeReading } from '../domain/reading.ts';
import { counted, printable, quoteList } from '../domain/text.ts';
import {
  CsvFile,
  type CsvPlace,
  changedWhileRead,
  decodePlace,
  encodePlace,
  type RowBegin,
} from './csv-file.ts';
import { CsvPace } from './csv-pace.ts';
import { pathMark } from './file-position.ts';
import { type FileSourceEnv, runVisits, type Shared } from './file-visits.ts';
import type { OpenFile } from './source-files.ts';
import { acceptedInTime } from './unaccepted.ts';

const batchBytesMax = 256 * 1_024;
/** Memory of a batch beside its lines, about. */
const batchOverheadBytes = 1_024;
/** Names of columns that a message lists. */
const headerShownMax = 20;
const tab = 9;

export function csvSourceEffects(env: FileSourceEnv): CsvSourceEffects {
  return {
    retryInMs: env.retryInMs,
    file: (io) =>
      runVisits(io, env, (shared, signal, tell) => new Visit(io.input, env, shared, signal, tell).run()),
  };
}

/** One opening of the file, until the signal aborts, the end is reached, or the file is lost. */
class Visit {
  readonly #config: CsvSourceConfig;
  readonly #env: FileSourceEnv;
  readonly #shared: Shared;
  readonly #signal: AbortSignal;
  readonly #tell: (event: CsvEvent) => void;
  readonly #path: string;
  readonly #shown: string;
  readonly #pace: CsvPace | null;
  /** What was read since the last batch. */
  #lines: Uint8Array[] = [];
  #bytes = 0;
  /** Some of the lines carry a time of the file's. */
  #hasRecorded = false;
  #readings = 0;
  #refused = 0;

  constructor(
    config: CsvSourceConfig,
    env: FileSourceEnv,
    shared: Shared,
    signal: AbortSignal,
    tell: (event: CsvEvent) => void,
  ) {
    this.#config = config;
    this.#env = env;
    this.#shared = shared;
    this.#signal = signal;
    this.#tell = tell;
    this.#path = resolve(config.path);
    this.#shown = printable(config.path);
    this.#pace = config.speed === 'max' ? null : new CsvPace(config.speed, env.clock);
  }

  async run(): Promise<void> {
    let file: OpenFile | undefined;
    try {
      await acceptedInTime(this.#shared.unaccepted, this.#env.clock, this.#signal);
      if (this.#signal.aborted) return;
      file = await this.#open();
      await this.#read(file);
    } catch (thrown) {
      const cause = toProblem(thrown);
      // Programming errors must not look like a file that cannot be read.
      if (cause.code === 'internal') throw thrown;
      this.#tell({ type: 'LOST', cause });
    } finally {
      await file?.close().catch(() => {});
    }
  }

  async #open(): Promise<OpenFile> {
    const file = await this.#shared.files.open(this.#path);
    if (!file) {
      throw new FogrunError('file-unreadable', `nothing is at ${this.#shown}`, {
        advice: 'It is tried again; check the path if it should be there.',
      });
    }
    const { what } = await file.facts();
    if (what === 'file') return file;
    await file.close().catch(() => {});
    throw new FogrunError('file-unreadable', `${this.#shown} is ${what}, not a file`);
  }

  async #read(open: OpenFile): Promise<void> {
    const { delimiter, header, repeat } = this.#config;
    const separator = delimiter === 'tab' ? tab : delimiter.charCodeAt(0);
    const file = new CsvFile(open, separator, this.#config['row-max']);
    const reader = this.#reader(header ? await this.#header(file) : null);
    const begin = file.place();
    await this.#goOn(file, begin);
    this.#tell({ type: 'READING' });
    for (;;) {
      const before = this.#readings;
      const isWhole = file.begin.offset === begin.offset;
      await this.#round(file, reader);
      if (this.#signal.aborted) return;
      // A whole round without a reading would come back at once, for ever.
      if (!repeat || !this.#pace || (isWhole && this.#readings === before)) break;
      await this.#pace.roundOver(this.#signal);
      if (this.#signal.aborted) return;
      if (!(await file.goTo(begin))) throw changedWhileRead();
    }
    await this.#shared.unaccepted.accepted(this.#signal);
    if (this.#signal.aborted) return;
    const refused = this.#refused > 0 ? `, ${counted(this.#refused, 'row')} refused` : '';
    const text = `${this.#shown} is read to its end: ${counted(this.#readings, 'reading')}${refused}; the pipeline goes on to upload until it is stopped`;
    this.#env.report({ type: 'note', text }, this.#refused > 0 ? 'warn' : 'info');
    this.#tell({ type: 'DONE' });
  }

  async #header(file: CsvFile): Promise<readonly string[]> {
    for (;;) {
      const next = await file.next();
      if (next.found === 'row') return next.row.fields;
      if (next.found === 'nothing') continue;
      const why = next.found === 'end' ? 'it is empty' : `its first row ${next.reason}`;
      throw new FogrunError('csv-columns', `${this.#shown} has no row that names its columns: ${why}`);
    }
  }

  #reader(header: readonly string[] | null): CsvReader {
    const reader = csvReader(rulesOf(this.#config), header);
    if (!('missing' in reader)) return reader;
    const names = header?.slice(0, headerShownMax).map((name) => printable(name, 40)) ?? [];
    const known = names.length > 0 ? `; it has ${quoteList(names, 'and')}` : '';
    throw new FogrunError('csv-columns', `${this.#shown} has no column ${quoteList(reader.missing)}${known}`);
  }

  /** Goes where the store says that reading stopped. */
  async #goOn(file: CsvFile, begin: CsvPlace): Promise<void> {
    const { name, store, report } = this.#env;
    const known = store.position(name);
    if (known === undefined) return;
    const place = decodePlace(pathMark(this.#path), known);
    if (place === undefined) {
      throw new FogrunError(
        'store-version',
        `the store keeps a position of ${name} that this fogrun cannot read`,
        { advice: 'Run the version that wrote it, or give the actor another name to begin anew.' },
      );
    }
    if (place === null || place.offset < begin.offset || (await file.goTo(place))) return;
    const text = `${this.#shown} is another file than before: it is read from its start`;
    report({ type: 'note', text }, 'warn');
  }

  /** Reads to the end. */
  async #round(file: CsvFile, reader: CsvReader): Promise<void> {
    while (!this.#signal.aborted) {
      const { begin } = file;
      const next = await file.next();
      if (next.found === 'end') break;
      if (next.found === 'wrong') this.#refuse(begin.line, next.reason);
      if (next.found === 'row') await this.#take(reader, next.row, begin, file);
      if (this.#bytes >= batchBytesMax) await this.#send(file);
    }
    await this.#send(file);
  }

  async #take(reader: CsvReader, row: CsvRow, begin: RowBegin, file: CsvFile): Promise<void> {
    const found = reader.read(row);
    if ('wrong' in found) return this.#refuse(begin.line, found.wrong);
    const waitMs = found.timeMs === null ? 0 : (this.#pace?.dueInMs(found.timeMs) ?? 0);
    if (waitMs > 0) {
      // What came before it does not wait with it.
      await this.#send(file, begin);
      await sleep(this.#env.clock, waitMs, this.#signal);
      // Nothing more is sent of this visit, so the next begins with this row.
      if (this.#signal.aborted) return;
    }
    const now = this.#env.clock.now();
    const isRecorded = this.#config.stamp === 'recorded' && found.timeMs !== null;
    const timeMs = isRecorded ? found.timeMs : now;
    if (isRecorded) this.#hasRecorded = true;
    const time = new Date(timeMs).toISOString();
    for (const { device, sensor, value, unit } of found.readings) {
      const line = encodeReading({ device, sensor, time, value, unit });
      this.#lines.push(line);
      this.#bytes += line.length;
    }
  }

  #refuse(line: number, reason: string): void {
    this.#refused += 1;
    this.#shared.complaints.say(`line ${line} of ${this.#shown} was refused: ${reason}`);
  }

  /** Sends what was read, with the place where reading goes on; then waits while too much is on its way. */
  async #send(file: CsvFile, begin?: RowBegin): Promise<void> {
    if (this.#signal.aborted) return;
    const place = file.place(begin);
    const position = { source: this.#env.name, value: encodePlace(pathMark(this.#path), place) };
    const count = this.#lines.length;
    const lines = Buffer.concat(this.#lines);
    this.#lines = [];
    this.#bytes = 0;
    this.#readings += count;
    const stamped = this.#hasRecorded || count === 0 ? {} : { stamped: true as const };
    this.#hasRecorded = false;
    const batch: Batch = { stream: this.#config.stream, lines, count, ...stamped, position };
    this.#shared.unaccepted.send(batch, lines.length + batchOverheadBytes);
    await this.#shared.unaccepted.room(this.#signal);
  }
}

function rulesOf(config: CsvSourceConfig): CsvRules {
  const textOr = (text: string, column: string | number | undefined) =>
    column === undefined ? { text } : { column };
  const fileName = [...basename(config.path)].slice(0, 256).join('');
  return {
    time: config.time ?? null,
    device: textOr(config.device || fileName, config['device-column']),
    values: config.values.map((value) => ({
      column: value.column,
      sensor: textOr(value.sensor ?? String(value.column), value['sensor-column']),
      unit: textOr(value.unit, value['unit-column']),
    })),
    decimal: config.decimal,
  };
}
