// The code on the paper carries the secret behind the number sign, which no server ever sees: it fills the form.

const said = new URLSearchParams(location.hash.slice(1)).get("code");
const code = document.getElementById("code");
if (said && code) {
  code.value = said;
  history.replaceState(null, "", location.pathname);
}
