// The one entry. collectstatic folds these files into this one; see iwg_portal/base/staticfiles.py.
import "../vendor/htmx/htmx.min.js";
import "./menus.js";
import "./terms.js";
import "./forms.js";
import "./scroll.js";
