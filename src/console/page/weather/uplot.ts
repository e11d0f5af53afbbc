/** What draws curves, a file of its own (`uplot.js`): only the weather page needs it. */
import uPlot from 'uplot';

export default uPlot;
