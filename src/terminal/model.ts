/** What the view knows: made from statuses and log entries, changed by keys. No clock of its own, no effects. */
import type { Problem } from '../contract/errors.ts';
import type { Level, LogEntry, Report, TransitionReport } from '../contract/report.ts';
import type { ActorStatus, Health, PipelineStatus } from '../contract/status.ts';
import { clip, escapeControls } from '../domain/text.ts';
import { sentence } from '../runtime/log.ts';
import type { Tone } from './paint.ts';

/** State of a pipeline's process, as its parent tells it. */
export interface ProcessState {
  readonly state: string;
  readonly health: Health;
  readonly sinceMs: number;
  readonly cause: Problem | null;
  readonly attempt: number;
  readonly retryAtMs: number | null;
}

/** One pipeline on the screen. */
export interface Group {
  readonly name: string;
  /** The last one heard of. */
  status: PipelineStatus | null;
  /** Known before the first status from the file, kept up by log entries between statuses. */
  actors: ActorStatus[];
  /** `null` for one that runs in this process, or is attached to. */
  process: ProcessState | null;
  /** Set once it has ended, or was lost; `cause` is `null` when it ended in order. */
  over: { readonly cause: Problem | null; readonly atMs: number } | null;
}

/** An entry as a line: escaped, bounded in length. */
export interface LogLine {
  readonly timeMs: number;
  readonly level: Level;
  readonly who: string;
  readonly text: string;
}

/** The last of those that say the same, and how many they were. */
export interface Complaint extends LogLine {
  readonly times: number;
}

/** How much of the screen transitions get. */
export type LogSize = 'some' | 'most' | 'none';

export interface Model {
  /** `run` began what it shows and ends it by `q`; `top` only looks on. */
  readonly mode: 'run' | 'top';
  /** Directory that `top` looks through. */
  readonly where: string;
  readonly groups: Group[];
  selected: { readonly pipeline: string; readonly actor: string } | null;
  readonly log: LogLine[];
  /** Lines that lie below the lower edge of the log; 0 follows the newest. */
  scroll: number;
  logSize: LogSize;
  help: boolean;
  /** What waits for `y`. */
  asking: { readonly pipeline: string; readonly actor: string } | null;
  message: { readonly text: string; readonly tone: Tone; readonly untilMs: number } | null;
  /** Address of the console for browsers, once there is one. */
  console: string | null;
  /** The end was asked for. */
  ending: boolean;
  /** Warnings and errors, for after the view; those that repeat themselves once. Oldest first. */
  readonly complaints: Map<string, Complaint>;
  /** How many there were in all. */
  complaintsTotal: number;
}

const linesMax = 2_000;
const complaintsMax = 20;
const lineLengthMax = 2_000;
const outOfTurnMax = 50;
/** How long an answer stands in place of the keys. */
export const messageMs = 6_000;

export function createModel(mode: Model['mode'], where: string = ''): Model {
  return {
    mode,
    where,
    groups: [],
    selected: null,
    log: [],
    scroll: 0,
    logSize: 'some',
    help: false,
    asking: null,
    message: null,
    console: null,
    ending: false,
    complaints: new Map(),
    complaintsTotal: 0,
  };
}

/** The pipeline of that name; a new one comes last. */
export function groupOf(model: Model, name: string): Group {
  const known = model.groups.find((group) => group.name === name);
  if (known) return known;
  const group: Group = { name, status: null, actors: [], process: null, over: null };
  model.groups.push(group);
  return group;
}

/** An actor of which nothing is known but that it is in the file. */
export function unstarted(name: string, kind: string, nowMs: number): ActorStatus {
  return {
    name,
    kind,
    state: 'off',
    health: 'ended',
    sinceMs: nowMs,
    cause: null,
    lastError: null,
    alarm: null,
    attempt: 0,
    retryAtMs: null,
    restarts: 0,
    readings: 0,
    readingsPerSecond: 0,
    perSecond: [],
    waiting: null,
    process: null,
  };
}

export function takeStatus(model: Model, status: PipelineStatus): void {
  const group = groupOf(model, status.pipeline);
  group.status = status;
  group.over = null;
  group.actors = [...status.actors];
  keepSelection(model);
}

export function takeOver(model: Model, name: string, cause: Problem | null, nowMs: number): void {
  const group = groupOf(model, name);
  group.over = { cause, atMs: nowMs };
  const gone = { readingsPerSecond: 0, retryAtMs: null };
  group.actors = group.actors.map((actor) => {
    if (actor.health === 'failed' || actor.health === 'ended') return { ...actor, ...gone };
    return { ...actor, ...gone, state: 'off', health: 'ended', sinceMs: nowMs, cause: null };
  });
}

/** `parent`: said by the parent of a pipeline's process, about that. */
export function takeEntry(model: Model, entry: LogEntry, from: 'pipeline' | 'parent' = 'pipeline'): void {
  const { time: timeMs, level, pipeline, actor, report } = entry;
  // One of a newer version may know reports that this one does not.
  const text = sentence(report) ?? String((report as Report).type);
  takeLine(model, { timeMs, level, who: `${pipeline}/${actor}`, text }, sameness(report) ?? text);
  if (report.type !== 'transition') return;
  if (from === 'parent') {
    const group = groupOf(model, actor);
    group.process = moved(report, timeMs);
    if (report.to.startsWith('alive')) group.over = null;
    else takeOver(model, actor, null, timeMs);
    return;
  }
  const group = model.groups.find(({ name }) => name === pipeline);
  const at = group?.actors.findIndex(({ name }) => name === actor) ?? -1;
  if (!group || at < 0 || group.actors[at]!.sinceMs > timeMs) return;
  group.actors[at] = { ...group.actors[at]!, ...moved(report, timeMs) };
}

function moved(report: TransitionReport, timeMs: number): ProcessState {
  const { to, cause = null, attempt = 0, retryInMs } = report;
  const retryAtMs = retryInMs === undefined ? null : timeMs + retryInMs;
  return { state: to, health: healthOf(report), sinceMs: timeMs, cause, attempt, retryAtMs };
}

function healthOf({ to, cause }: TransitionReport): Health {
  const last = to.split('.').at(-1)!;
  if (last === 'failed') return 'failed';
  if (last === 'stopped' || last === 'closed' || last === 'off') return 'ended';
  if (last === 'paused') return 'paused';
  return cause ? 'trouble' : 'well';
}

/** What reports have in common that tell of the same again, though their numbers differ. */
function sameness(report: Report): string | null {
  if (report.type === 'transition') return `${report.from} ${report.to} ${report.cause?.code}`;
  return null;
}

/** A line of the log from anywhere; escaped here. @param same lines with the same one repeat each other */
export function takeLine(model: Model, line: LogLine, same: string = line.text): void {
  const who = clip(escapeControls(line.who), 120);
  const safe = { ...line, who, text: clip(escapeControls(line.text), lineLengthMax) };
  // Lines of several processes come through pipes of their own, a little out of turn.
  let at = model.log.length;
  while (at > 0 && at > model.log.length - outOfTurnMax && model.log[at - 1]!.timeMs > safe.timeMs) at -= 1;
  model.log.splice(at, 0, safe);
  if (model.log.length > linesMax * 1.1) model.log.splice(0, model.log.length - linesMax);
  // Who reads what was, keeps it before the eyes.
  if (model.scroll > 0) model.scroll = Math.min(model.scroll + 1, linesMax);
  if (line.level !== 'warn' && line.level !== 'error') return;
  model.complaintsTotal += 1;
  const key = `${who} ${same}`;
  const times = (model.complaints.get(key)?.times ?? 0) + 1;
  model.complaints.delete(key);
  model.complaints.set(key, { ...safe, times });
  if (model.complaints.size <= complaintsMax) return;
  const [oldest] = model.complaints.keys();
  model.complaints.delete(oldest!);
}

export function say(model: Model, text: string, tone: Tone, nowMs: number): void {
  model.message = { text: escapeControls(text), tone, untilMs: nowMs + messageMs };
}

/** All actors that can be selected, as they stand on the screen. */
export function rows(model: Model): { readonly pipeline: string; readonly actor: ActorStatus }[] {
  return model.groups.flatMap((group) => group.actors.map((actor) => ({ pipeline: group.name, actor })));
}

export function isSelected({ selected }: Model, pipeline: string, actor: string): boolean {
  return selected?.pipeline === pipeline && selected.actor === actor;
}

/** An actor that went away hands the selection to the one it belonged to, else to the first of its pipeline. */
export function keepSelection(model: Model): void {
  const { selected } = model;
  const all = rows(model);
  if (all.some(({ pipeline, actor }) => isSelected(model, pipeline, actor.name))) return;
  const owner = selected?.actor.split('/')[0];
  const next =
    all.find(({ pipeline, actor }) => pipeline === selected?.pipeline && actor.name === owner) ??
    all.find(({ pipeline }) => pipeline === selected?.pipeline) ??
    all[0];
  model.selected = next ? { pipeline: next.pipeline, actor: next.actor.name } : null;
}
