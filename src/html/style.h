// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <string_view>

namespace xtg::html {

/// Series differ by colour and by dash, so they are told apart in print and by every eye. The
/// colours keep a contrast of 3:1 to the background in both modes.
inline constexpr std::string_view kStyle = R"(
:root{color-scheme:light dark;--back:#fff;--text:#1b1f24;--soft:#57606a;--line:#d0d7de;--panel:#f6f8fa;
--good:#1a7f37;--bad:#cf222e;
--c0:#0969da;--c1:#bc4c00;--c2:#1a7f37;--c3:#8250df;--c4:#bf3989;--c5:#7d6200;--c6:#0e7c86;--c7:#57606a}
@media(prefers-color-scheme:dark){:root{--back:#0d1117;--text:#e6edf3;--soft:#9198a1;--line:#3d444d;
--panel:#151b23;--good:#3fb950;--bad:#f85149;
--c0:#58a6ff;--c1:#f0883e;--c2:#3fb950;--c3:#bc8cff;--c4:#f778ba;--c5:#d29922;--c6:#39c5cf;--c7:#9198a1}}
*{box-sizing:border-box}
body{margin:0 auto;padding:16px;max-width:1100px;background:var(--back);color:var(--text);
font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.5em;margin:0 0 .4em}h2{font-size:1.3em;margin:2em 0 .5em;border-bottom:1px solid var(--line)}
h3{font-size:1.05em;margin:1.5em 0 .4em}
.verdict{border-left:6px solid var(--c7);background:var(--panel);padding:10px 14px;margin:12px 0}
.verdict.good{border-color:var(--good)}.verdict.bad{border-color:var(--bad)}
.verdict strong{font-size:1.15em}.verdict ul{margin:.4em 0 0;padding-left:1.2em}
.soft,small,caption,figcaption{color:var(--soft)}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(165px,1fr));gap:8px;padding:0;list-style:none}
.cards li{background:var(--panel);padding:8px 10px;border-radius:6px}
.cards b{display:block;font-size:1.1em;font-variant-numeric:tabular-nums}
.cards span{color:var(--soft);font-size:.85em}
.scroll{overflow-x:auto;max-width:100%}
table{border-collapse:collapse;font-size:.88em;font-variant-numeric:tabular-nums;margin:6px 0}
caption{text-align:left;padding:4px 0}
th,td{border-bottom:1px solid var(--line);padding:3px 10px 3px 0;text-align:right;vertical-align:top;
white-space:nowrap}
th{font-weight:600}th.t,td.t{text-align:left}td.t{white-space:normal;min-width:6ch}
figure{margin:14px 0}figcaption{font-weight:600;color:var(--text)}
svg text{fill:var(--soft);font:12px system-ui,sans-serif}
svg.desk,svg.phone{width:100%;height:auto;display:block}svg.phone{display:none}
svg.bar{width:100%;height:34px;display:block}
.keys{list-style:none;display:flex;flex-wrap:wrap;gap:2px 16px;padding:0;margin:4px 0;font-size:.88em}
.key{width:26px;height:12px;margin-right:6px}
.grid{stroke:var(--line)}.axis,.tick{stroke:var(--soft)}.mark{stroke:var(--text);stroke-dasharray:2 3}
path{fill:none;stroke-width:2;stroke-linejoin:round}
.s0{stroke:var(--c0)}.s1{stroke:var(--c1);stroke-dasharray:7 3}.s2{stroke:var(--c2);stroke-dasharray:2 3}
.s3{stroke:var(--c3);stroke-dasharray:9 3 2 3}.s4{stroke:var(--c4);stroke-dasharray:12 4}
.s5{stroke:var(--c5);stroke-dasharray:4 4}.s6{stroke:var(--c6);stroke-dasharray:1 3}
.s7{stroke:var(--c7);stroke-dasharray:9 3 2 3 2 3}
.d0{fill:var(--c0)}.d1{fill:var(--c1)}.d2{fill:var(--c2)}.d3{fill:var(--c3)}.d4{fill:var(--c4)}.d5{fill:var(--c5)}
.d6{fill:var(--c6)}.d7{fill:var(--c7)}.good rect,rect.good{fill:var(--good)}
details{margin:6px 0}summary{cursor:pointer;color:var(--c0)}
pre{background:var(--panel);padding:10px;overflow-x:auto;font-size:.85em;white-space:pre-wrap}
code.long{display:block;font-size:.75em;max-width:70ch}
@media(max-width:640px){body{padding:10px;font-size:15px}svg.desk{display:none}svg.phone{display:block}}
@media print{body{max-width:none;font-size:11px}figure,tr,.verdict{break-inside:avoid}
.scroll{overflow:visible}th,td{white-space:normal}details::details-content{content-visibility:visible}
svg.phone{display:none}svg.desk{display:block}
:root{--back:#fff;--text:#000;--soft:#444;--line:#bbb;--panel:#fff;--good:#1a7f37;--bad:#cf222e;--c0:#0969da;
--c1:#bc4c00;--c2:#1a7f37;--c3:#8250df;--c4:#bf3989;--c5:#7d6200;--c6:#0e7c86;--c7:#57606a}}
)";

} // namespace xtg::html
