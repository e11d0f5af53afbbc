export {
  type Access,
  createSimNetwork as createNetwork,
  type SimNetwork as MemoryNetwork,
} from '../../src/sim/network.ts';
