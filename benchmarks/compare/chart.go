package compare

import (
	"bytes"
	"fmt"
	"html/template"
	"image/color"
	"regexp"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// A chart has no colours of its own, so that one drawing serves light and dark: it is drawn in
// inks, and each becomes a variable of the page's style sheet.
func ink(n uint8) color.Color { return color.RGBA{B: n, A: 255} }

const (
	inkText  = 1
	inkLine  = 2
	inkCodec = 16 // of the first codec

	palette = 6 // codecs beyond these begin anew
)

var inkUsed = regexp.MustCompile(`#0000[0-9A-F]{2}`)

// themed puts the variables in the place of the inks.
func themed(svg []byte) []byte {
	return inkUsed.ReplaceAllFunc(svg, func(hex []byte) []byte {
		n, _ := strconv.ParseUint(string(hex[1:]), 16, 8) // the pattern has digits only
		switch n {
		case inkText:
			return []byte("var(--ink)")
		case inkLine:
			return []byte("var(--line)")
		}
		return fmt.Appendf(nil, "var(--codec%d)", n-inkCodec)
	})
}

// Measures of a chart, in points; the page scales it.
const (
	chartWidth = 250
	barHeight  = 14
	barSpace   = 24
	fontSize   = 12
)

// chart draws a bar for each codec that was measured, and what it stands for beside it.
func chart(m metric, codecs []Figures) (template.HTML, error) {
	p := plot.New()
	p.BackgroundColor = nil
	p.HideX()
	p.Y.LineStyle.Color = ink(inkLine)
	p.Y.Tick.Length = 0
	p.Y.Tick.Label = textStyle(draw.XRight)
	p.Y.Padding = 0

	var names plot.ConstantTicks
	most := 0.0
	for i, f := range codecs {
		if f.Error != "" {
			continue
		}
		value, at := m.value(f), -float64(len(names))
		bar, err := plotter.NewBarChart(plotter.Values{value}, barHeight)
		if err != nil {
			return "", err
		}
		bar.Horizontal, bar.XMin, bar.Color, bar.LineStyle.Width = true, at,
			ink(inkCodec+uint8(i%palette)), 0
		label, err := plotter.NewLabels(plotter.XYLabels{XYs: plotter.XYs{{X: value, Y: at}},
			Labels: []string{number(value)}})
		if err != nil {
			return "", err
		}
		label.TextStyle[0], label.Offset = textStyle(draw.XLeft), vg.Point{X: 5, Y: 1}
		p.Add(bar, label)
		names = append(names, plot.Tick{Value: at, Label: short(f.Name)})
		most = max(most, value)
	}
	p.Y.Tick.Marker = names
	p.Y.Min, p.Y.Max = 0.5-float64(len(names)), 0.5
	p.X.Min, p.X.Max = 0, most
	return render(p, chartWidth, vg.Length(barSpace*len(names)))
}

// short leaves room for the bars beside a name that has none for them; the table has it in full.
func short(name string) string {
	const most = 16
	if runes := []rune(name); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return name
}

func textStyle(align text.XAlignment) text.Style {
	return text.Style{
		Color: ink(inkText),
		Font: font.From(font.Font{Typeface: plot.DefaultFont.Typeface, Variant: "Sans"},
			fontSize),
		XAlign:  align,
		YAlign:  draw.YCenter,
		Handler: plot.DefaultTextHandler,
	}
}

// render returns the plot as an SVG element for a page: without the prelude of a file, and without
// a size, which is the page's to give.
func render(p *plot.Plot, w, h vg.Length) (template.HTML, error) {
	canvas := vgsvg.New(w, h)
	p.Draw(draw.New(canvas))
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return "", err
	}
	_, head, _ := bytes.Cut(b.Bytes(), []byte("<svg"))
	_, body, _ := bytes.Cut(head, []byte(">"))
	return template.HTML(fmt.Sprintf(`<svg viewBox="0 0 %g %g" aria-hidden="true">%s`, w.Points(),
		h.Points(), themed(body))), nil
}
