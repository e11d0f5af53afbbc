/** Small parts that every view is made of. Times are those of the model, never of the machine. */
import type { ComponentChildren } from 'preact';
import { printable } from '../../../domain/text.ts';
import { useModel } from '../model/context.ts';
import type { Stale as StaleFact } from '../model/model.ts';
import { clockTime, countdown, dateTime, rate, size, span } from './figures.ts';
import { type Tone, toneSigns, toneWords } from './tones.ts';

/** A state with its colour and its sign. */
export function Pill({ tone, children }: { tone: Tone; children: ComponentChildren }) {
  return (
    <span class="pill" data-tone={tone}>
      <span class="pill-sign" aria-hidden="true">
        {toneSigns[tone]}
      </span>
      <span class="unseen">{toneWords[tone]}: </span>
      <span class="pill-text">{children}</span>
    </span>
  );
}

export function Rate({ perSecond }: { perSecond: number | null }) {
  return <span class="figure">{rate(perSecond)}</span>;
}

export function Bytes({ bytes }: { bytes: number | null }) {
  return <span class="figure">{size(bytes)}</span>;
}

/** `12 s ago`; the moment itself shows on hovering. */
export function Ago({ atMs, nowMs }: { atMs: number | null; nowMs: number }) {
  if (atMs === null) return <span class="figure">–</span>;
  return (
    <time class="figure" dateTime={isoTime(atMs)} title={dateTime(atMs)}>
      {span(nowMs - atMs)} ago
    </time>
  );
}

/** What is left until then. */
export function Countdown({ untilMs, nowMs }: { untilMs: number; nowMs: number }) {
  return (
    <time class="figure" dateTime={isoTime(untilMs)} title={dateTime(untilMs)}>
      {countdown(untilMs - nowMs)}
    </time>
  );
}

function isoTime(ms: number): string | undefined {
  const at = new Date(ms);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}

interface ButtonProps {
  readonly onPress: () => void;
  readonly children: ComponentChildren;
  /** Why it cannot be pressed now; it stays reachable, so that this can be read. */
  readonly offBecause?: string | null | undefined;
  readonly as?: 'plain' | 'main' | 'danger';
  /** For those who hear the page, where the text is not enough. */
  readonly label?: string | undefined;
  readonly pressed?: boolean | undefined;
}

export function Button({ onPress, children, offBecause, as = 'plain', label, pressed }: ButtonProps) {
  const isOff = Boolean(offBecause);
  return (
    <button
      type="button"
      class={`button button-${as}`}
      aria-disabled={isOff}
      aria-label={label}
      aria-pressed={pressed}
      title={offBecause ?? undefined}
      onClick={() => {
        if (!isOff) onPress();
      }}
    >
      {children}
    </button>
  );
}

/** What a view shows instead of nothing: what is not there, why, and what will change that. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children && <div class="empty-text">{children}</div>}
    </div>
  );
}

const staleWords: Readonly<Record<StaleFact['why'], string>> = {
  console: 'the console cannot be reached',
  pipeline: 'the console cannot reach this pipeline',
  ended: 'this pipeline has ended',
  silent: 'this pipeline says nothing',
};

const replayedWords: Readonly<Record<StaleFact['why'], string>> = {
  ...staleWords,
  pipeline: 'the recorder could not reach this pipeline',
  ended: 'this pipeline had ended',
  silent: 'this pipeline said nothing',
};

/** Says that what stands around it is old; nothing while it is not. */
export function Stale({ stale, nowMs }: { stale: StaleFact | null; nowMs: number }) {
  const words = useModel().isReplay.value ? replayedWords : staleWords;
  if (!stale) return null;
  return (
    <p class="stale-note">
      <span aria-hidden="true">◌</span> as of {clockTime(stale.asOfMs)}, {span(nowMs - stale.asOfMs)} ago:{' '}
      {words[stale.why]}
      {stale.cause && ` (${stale.cause.message})`}
    </p>
  );
}

/** Says that an address names a moment that can be none, for it is no number; nothing where it names none at all. */
export function NoMoment({ named }: { named: string | null }) {
  if (named === null) return null;
  return (
    <p class="stale-note" role="status">
      The address names no moment: {named === '' ? 'nothing' : printable(named, 40)} stands at its{' '}
      <code>at=</code>, where a number belongs.
    </p>
  );
}
