import { useElementSize, useReducedMotion } from '@mantine/hooks';
import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

export interface PlotSeries {
  label: string;
  /** Name of a CSS variable with its colour, such as `--np-down`. */
  colour: string;
  bars?: boolean;
}

interface PlotProps {
  /** What it shows, for those who do not see it; the figures stand beside it as text. */
  label: string;
  /** Seconds since the epoch, then one row of values for each series. */
  data: uPlot.AlignedData;
  series: readonly PlotSeries[];
  format: (value: number) => string;
  height?: number;
  /** The scale reaches at least this far up. */
  atLeast?: number;
}

/** A plot that follows its width and the colour scheme. Owner of its uPlot. */
export function Plot({ label, data, series, format, height = 180, atLeast = 1 }: PlotProps) {
  const { ref: sizer, width } = useElementSize();
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const scheme = useComputedColorScheme('light');
  const still = useReducedMotion();
  const shown = useRef(format);
  shown.current = format;
  const shape = JSON.stringify(series);

  useEffect(() => {
    const element = holder.current;
    if (!element || width === 0) return;
    const style = getComputedStyle(element);
    const colour = (name: string) => style.getPropertyValue(name).trim() || style.color;
    const axis = { stroke: style.color, grid: { stroke: colour('--np-line'), width: 1 }, ticks: { show: false } };
    const lines = JSON.parse(shape) as PlotSeries[];
    const made = new uPlot(
      {
        width,
        height,
        cursor: { show: !still, drag: { x: false, y: false } },
        legend: { show: false },
        padding: [8, 8, 4, 0],
        scales: { y: { range: (_, __, high) => [0, Math.max(atLeast, high * 1.1)] } },
        axes: [axis, { ...axis, size: 72, values: (_, splits) => splits.map((value) => shown.current(value)) }],
        series: [
          {},
          ...lines.map(({ label: name, colour: variable, bars }): uPlot.Series => {
            const paths = bars ? uPlot.paths.bars?.({ size: [0.7, 40] }) : undefined;
            const stroke = colour(variable);
            return {
              label: name,
              stroke,
              width: 2,
              fill: `${stroke}${bars ? 'cc' : '22'}`,
              points: { show: false },
              ...(paths ? { paths } : {}),
            };
          }),
        ],
      },
      data,
      element,
    );
    plot.current = made;
    return () => {
      plot.current = null;
      made.destroy();
    };
    // The data go in below; a new plot is only made for another size, look or shape.
  }, [width, height, scheme, still, shape, atLeast]);

  useEffect(() => {
    plot.current?.setData(data);
  }, [data]);

  return (
    <div ref={sizer} className="np-plot" role="img" aria-label={label} style={{ minHeight: height }}>
      <div ref={holder} />
    </div>
  );
}
