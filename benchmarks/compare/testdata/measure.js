// faults lists what a reader of the document cannot see, or cannot read, at this width.
function faults(doc, width) {
  const found = [];
  const slack = 1; // px: boxes lie between pixels
  const style = el => doc.defaultView.getComputedStyle(el);
  const scrolls = el => /auto|scroll/.test(style(el).overflowX);
  const ancestors = el => {
    const all = [];
    for (; el && el !== doc.documentElement; el = el.parentElement) all.push(el);
    return all;
  };
  const label = el => `<${el.localName} class="${el.getAttribute("class") || ""}">`;

  if (doc.documentElement.scrollWidth > width) found.push("the page scrolls sideways");
  for (const el of doc.body.querySelectorAll("*")) {
    const r = el.getBoundingClientRect();
    const wide = r.width > 0 && (r.left < -slack || r.right > width + slack);
    if (wide && !ancestors(el.parentElement).some(scrolls)) {
      found.push(`wider than the page: ${label(el)}`);
    }
  }

  const texts = []; // the visible rectangles of each text
  const walker = doc.createTreeWalker(doc.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode()); ) {
    if (!node.data.trim()) continue;
    const parent = node.parentElement;
    const svg = parent.closest("svg");
    const box = svg || ancestors(parent).find(el => style(el).display !== "inline");
    const b = box.getBoundingClientRect();
    const range = doc.createRange();
    range.selectNodeContents(node);
    for (const r of range.getClientRects()) {
      const what = `"${node.data.trim().slice(0, 30)}" in ${label(box)}`;
      if (r.left < b.left - slack || r.right > b.right + slack ||
          svg && (r.top < b.top - slack || r.bottom > b.bottom + slack)) {
        found.push(`text outside its box: ${what}`);
      }
      const seen = { left: r.left, right: r.right, top: r.top, bottom: r.bottom };
      for (const el of ancestors(parent)) {
        const { overflowX } = style(el), e = el.getBoundingClientRect();
        if (overflowX === "visible") continue;
        if (!scrolls(el) && (r.left < e.left - slack || r.right > e.right + slack ||
            r.top < e.top - 3 * slack || r.bottom > e.bottom + 3 * slack)) {
          found.push(`text cut off: ${what}`);
        }
        seen.left = Math.max(seen.left, e.left);
        seen.right = Math.min(seen.right, e.right);
      }
      texts.push({ node, what, ...seen });
    }
  }
  for (const [i, a] of texts.entries()) {
    for (const b of texts.slice(i + 1)) {
      if (a.node !== b.node &&
          Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2 * slack &&
          Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 2 * slack) {
        found.push(`texts overlap: ${a.what} and ${b.what}`);
      }
    }
  }
  return { texts: texts.length, faults: found };
}

addEventListener("load", () => {
  const results = [...document.querySelectorAll("iframe")].map(frame => ({
    page: frame.title, width: frame.clientWidth, ...faults(frame.contentDocument, frame.clientWidth),
  }));
  document.getElementById("results").textContent = JSON.stringify(results);
});
