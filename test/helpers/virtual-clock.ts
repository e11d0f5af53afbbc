export { createVirtualClock, type VirtualClock } from '../../src/sim/virtual-clock.ts';
