/** Readings that will not reach the cloud as they are: what they are, and what a person does with them. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { LetterInfo } from '../../../contract/letters.ts';
import { printable } from '../../../domain/text.ts';
import type { LettersAnswer, LettersDone } from '../../wire.ts';
import { getJson, postJson } from '../model/api.ts';
import { useModel } from '../model/context.ts';
import type { PipelineModel } from '../model/model.ts';
import { Dialog } from '../shared/dialog.tsx';
import { count, counted, dateTime, size } from '../shared/figures.ts';
import { Button } from '../shared/parts.tsx';
import { type Outcome, OutcomeLine, outcomeOf } from './controls.tsx';

type LetterAction = 'requeue' | 'discard';

export function DeadLetters({ pipeline }: { pipeline: PipelineModel }) {
  const model = useModel();
  const totals = pipeline.status.value?.store?.letters;
  const held = totals?.letters ?? 0;
  // One that goes as another comes leaves their number as it was.
  const which = totals ? `${held} ${totals.readings} ${totals.bytes}` : '';
  const [letters, setLetters] = useState<readonly LetterInfo[]>([]);
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  const [asking, setAsking] = useState<LetterAction | null>(null);
  const [busy, setBusy] = useState<LetterAction | null>(null);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const [done, setDone] = useState(0);
  const section = useRef<HTMLElement>(null);
  const { name } = pipeline;
  const isReplay = model.isReplay.value;
  useEffect(() => {
    if (held === 0 || isReplay) return setLetters([]);
    const abort = new AbortController();
    getJson<LettersAnswer>('api/letters', { pipeline: name }, abort.signal).then(
      (answer) => {
        if (!abort.signal.aborted) setLetters(answer.letters);
      },
      (error: Error) => {
        if (!abort.signal.aborted) setOutcome({ isGood: false, text: error.message, advice: '' });
      },
    );
    return () => abort.abort();
  }, [name, which, done, isReplay]);
  useEffect(() => {
    // The buttons are gone, and with them the focus of whoever pressed one.
    if (held === 0 && outcome && document.activeElement === document.body) section.current!.focus();
  }, [held === 0, outcome]);
  if (held === 0 && !outcome) return null;
  const key = model.hello.value?.key ?? null;
  const ids = letters.map(({ id }) => id).filter((id) => chosen.has(id));
  const off = offBecause(key, busy, ids.length);
  const carryOut = async (action: LetterAction) => {
    setAsking(null);
    setBusy(action);
    setOutcome(null);
    const body = { pipeline: name, action, ids };
    setOutcome(
      await outcomeOf(async () => {
        const done = await postJson<LettersDone>('api/letters', key, body);
        setChosen(new Set());
        const what = action === 'requeue' ? 'queued once more' : 'discarded';
        return `${counted(done.letters, 'dead letter')} with ${counted(done.readings, 'reading')} ${what}`;
      }),
    );
    setBusy(null);
    setDone((before) => before + 1);
  };
  return (
    <section class="letters card" aria-label="Dead letters" ref={section} tabIndex={-1}>
      <h2>
        {held === 0 ? 'No dead letter is left' : counted(held, 'dead letter')}
        {totals && held > 0 && (
          <span class="quiet">
            {' '}
            {counted(totals.readings, 'reading')}, {size(totals.bytes)}
          </span>
        )}
      </h2>
      {isReplay && <p class="quiet">A recording holds only how many there were.</p>}
      {!isReplay && held > 0 && (
        <>
          <ul class="letters-list">
            {letters.map((letter) => (
              <Letter
                key={letter.id}
                letter={letter}
                isChosen={chosen.has(letter.id)}
                onChoose={() => {
                  const next = new Set(chosen);
                  if (!next.delete(letter.id)) next.add(letter.id);
                  setChosen(next);
                }}
              />
            ))}
          </ul>
          <div class="controls-buttons">
            <Button
              onPress={() =>
                setChosen(ids.length === letters.length ? new Set() : new Set(letters.map(({ id }) => id)))
              }
            >
              {ids.length === letters.length && ids.length > 0 ? 'Choose none' : 'Choose all'}
            </Button>
            <Button offBecause={off} onPress={() => setAsking('requeue')}>
              Requeue …
            </Button>
            <Button as="danger" offBecause={off} onPress={() => setAsking('discard')}>
              Discard …
            </Button>
          </div>
        </>
      )}
      <OutcomeLine outcome={outcome} />
      {asking && (
        <Ask
          action={asking}
          letters={letters.filter(({ id }) => chosen.has(id))}
          onYes={() => void carryOut(asking)}
          onNo={() => setAsking(null)}
        />
      )}
    </section>
  );
}

/** Why nothing can be done with them now; `null` when it can. */
function offBecause(key: string | null, busy: LetterAction | null, chosen: number): string | null {
  if (key === null) return 'this console lets nobody change anything';
  if (busy !== null) return `${busy} is being done`;
  return chosen === 0 ? 'choose some first' : null;
}

interface LetterProps {
  readonly letter: LetterInfo;
  readonly isChosen: boolean;
  readonly onChoose: () => void;
}

function Letter({ letter, isChosen, onChoose }: LetterProps) {
  const { id, reason, text, stream, fromSeq, toSeq, atMs, bytes } = letter;
  return (
    <li>
      <label class="letter">
        <input type="checkbox" checked={isChosen} onChange={onChoose} />
        <span>
          <b>
            {id}: {count(letter.count)} {reason}
          </b>{' '}
          {printable(stream)} {count(fromSeq)} to {count(toSeq)}, {size(bytes)}, {dateTime(atMs)}
          <br />
          <span class="quiet">{printable(text, 200)}</span>
        </span>
      </label>
    </li>
  );
}

interface AskProps {
  readonly action: LetterAction;
  readonly letters: readonly LetterInfo[];
  readonly onYes: () => void;
  readonly onNo: () => void;
}

function Ask({ action, letters, onYes, onNo }: AskProps) {
  const readings = letters.reduce((sum, { count }) => sum + count, 0);
  const what = `${counted(letters.length, 'dead letter')} with ${counted(readings, 'reading')}`;
  const isRequeue = action === 'requeue';
  return (
    <Dialog title={isRequeue ? `Queue ${what} once more?` : `Discard ${what}?`} onClose={onNo}>
      <p>
        {isRequeue
          ? 'They get new numbers and go to the cloud behind what waits already.'
          : 'They are gone for good: no copy is kept anywhere.'}
      </p>
      <div class="dialog-buttons">
        <Button onPress={onNo}>Leave them</Button>
        <Button as={isRequeue ? 'main' : 'danger'} onPress={onYes}>
          {isRequeue ? 'Requeue them' : 'Discard them'}
        </Button>
      </div>
    </Dialog>
  );
}
