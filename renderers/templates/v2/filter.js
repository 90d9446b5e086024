// Finds rows of the itemised usage; without it all rows are there.
(function () {
  var box = document.querySelector(".filter");
  if (!box) return;
  var input = box.querySelector("input"), told = box.querySelector("output");
  var rows = Array.prototype.map.call(
    document.querySelectorAll(".events tbody:not(.foot) tr"),
    function (row) { return [row, row.textContent.toLowerCase()]; });
  var lists = document.querySelectorAll(".itemised details");
  box.hidden = false;
  input.addEventListener("input", function () {
    var wanted = input.value.trim().toLowerCase(), shown = 0;
    rows.forEach(function (pair) {
      pair[0].hidden = pair[1].indexOf(wanted) < 0;
      if (!pair[0].hidden) shown += 1;
    });
    if (wanted) lists.forEach(function (list) { list.open = true; });
    told.textContent = wanted
      ? box.dataset.shown.replace("\ue000", shown).replace("\ue001", rows.length) : "";
  });
})();
