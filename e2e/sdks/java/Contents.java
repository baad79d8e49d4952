import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** What a cart remembers: its goods, and how many reservations and receipts it has made. */
record Contents(List<Held> held, long reservations, long receipts) {
  static final Contents NONE = new Contents(List.of(), 0, 0);

  /** Goods that are reserved for some time only; number is that of the reservation. */
  record Held(String item, long quantity, long number) {}

  Contents {
    held = held == null ? List.of() : List.copyOf(held);
  }

  Optional<Held> find(String item) {
    return held.stream().filter(h -> h.item().equals(item)).findFirst();
  }

  /** Adds goods; all of the item then belong to the newest reservation. */
  Contents with(String item, long quantity) {
    long number = reservations + 1;
    long all = quantity + find(item).map(Held::quantity).orElse(0L);
    Held one = new Held(item, all, number);
    Stream<Held> goods =
        find(item).isPresent()
            ? held.stream().map(h -> h.item().equals(item) ? one : h)
            : Stream.concat(held.stream(), Stream.of(one));
    return new Contents(goods.toList(), number, receipts);
  }

  Contents without(String item) {
    return new Contents(held.stream().filter(h -> !h.item().equals(item)).toList(), reservations, receipts);
  }

  /** What is left when everything was bought. */
  Contents bought() {
    return new Contents(List.of(), reservations, receipts + 1);
  }
}
