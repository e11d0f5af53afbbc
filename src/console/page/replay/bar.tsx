/** The slider of a recording, below every view. */
import { useMemo } from 'preact/hooks';
import { dateTime, preciseTime, span } from '../shared/figures.ts';
import { Button } from '../shared/parts.tsx';
import { type Player, speeds } from './player.ts';

export function ReplayBar({ player }: { player: Player }) {
  const { fromMs, toMs, moments } = player.recording;
  const atMs = player.atMs.value;
  const isPlaying = player.isPlaying.value;
  const stepMs = Math.max(1, Math.round((toMs - fromMs) / 2_000));
  return (
    <section class="replay" aria-label="Recording">
      <div class="replay-buttons">
        <Button label="Previous transition" onPress={() => player.step(-1)}>
          <Sign path={signs.back} />
        </Button>
        <Button
          as="main"
          label={isPlaying ? 'Pause the recording' : 'Play the recording'}
          onPress={() => (isPlaying ? player.pause() : player.play())}
        >
          <Sign path={isPlaying ? signs.pause : signs.play} />
        </Button>
        <Button label="Next transition" onPress={() => player.step(1)}>
          <Sign path={signs.on} />
        </Button>
        <select
          class="field"
          aria-label="Speed"
          value={String(player.speed.value)}
          onChange={(event) => player.setSpeed(Number(event.currentTarget.value))}
        >
          {speeds.map((speed) => (
            <option key={speed} value={String(speed)}>
              {speed}×
            </option>
          ))}
        </select>
      </div>
      <div class="replay-line">
        <Marks fromMs={fromMs} toMs={toMs} moments={moments} />
        <input
          type="range"
          aria-label="Moment of the recording"
          aria-valuetext={`${preciseTime(atMs)}, ${span(atMs - fromMs)} after its beginning`}
          min={fromMs}
          max={toMs}
          step={stepMs}
          value={atMs}
          onInput={(event) => {
            player.pause();
            const timeMs = Number(event.currentTarget.value);
            // Its last step is mostly a little before the end.
            player.seek(timeMs + stepMs > toMs ? toMs : timeMs);
          }}
        />
      </div>
      <p class="replay-time" title={dateTime(atMs)}>
        <b class="figure">{preciseTime(atMs)}</b>{' '}
        <span class="quiet figure">
          {span(atMs - fromMs)} of {span(toMs - fromMs)}
        </span>
      </p>
    </section>
  );
}

const signs = {
  back: 'M3,2h2v12h-2zM14,2v12l-8-6z',
  on: 'M11,2h2v12h-2zM2,2v12l8-6z',
  play: 'M4,2v12l10-6z',
  pause: 'M4,2h3v12h-3zM9,2h3v12h-3z',
} as const;

function Sign({ path }: { path: string }) {
  return (
    <svg class="replay-sign" viewBox="0 0 16 16" aria-hidden="true">
      <path d={path} />
    </svg>
  );
}

const bins = 400;

/** Where something happened, and where it was trouble. */
function Marks({ fromMs, toMs, moments }: Pick<Player['recording'], 'fromMs' | 'toMs' | 'moments'>) {
  const marks = useMemo(() => {
    const found = new Map<number, boolean>();
    for (const { timeMs, isTrouble } of moments) {
      const bin = Math.floor(((timeMs - fromMs) / Math.max(1, toMs - fromMs)) * (bins - 1));
      found.set(bin, isTrouble || (found.get(bin) ?? false));
    }
    return [...found];
  }, [fromMs, toMs, moments]);
  return (
    <svg class="replay-marks" viewBox={`0 0 ${bins} 8`} preserveAspectRatio="none" aria-hidden="true">
      {marks.map(([bin, isTrouble]) => (
        <rect key={bin} x={bin} width="1" height="8" data-tone={isTrouble ? 'trouble' : 'idle'} />
      ))}
    </svg>
  );
}
