export {
  type ProcessClock as MortalClock,
  processClock as mortalClock,
} from '../../src/sim/process-clock.ts';
