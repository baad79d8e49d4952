import java.util.Arrays;

/** Runs another main class, and ends the process when its standard input ends: when whoever started it is gone. */
public final class Leash {
  public static void main(String[] args) throws Exception {
    Thread watch = new Thread(Leash::watch, "leash");
    watch.setDaemon(true);
    watch.start();
    Class.forName(args[0])
        .getMethod("main", String[].class)
        .invoke(null, (Object) Arrays.copyOfRange(args, 1, args.length));
  }

  private static void watch() {
    try {
      while (System.in.read() >= 0) {}
    } catch (java.io.IOException e) {
      // it has ended too
    }
    Runtime.getRuntime().halt(143);
  }
}
