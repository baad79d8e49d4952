import org.apache.flink.statefun.flink.harness.Harness;

/** A StateFun 2.x application in this process: module.yaml on the class path, Flink's settings in the arguments, key=value ... */
public final class Job {
  public static void main(String[] args) throws Exception {
    Harness harness = new Harness();
    for (String setting : args) {
      int equals = setting.indexOf('=');
      harness.withConfiguration(setting.substring(0, equals), setting.substring(equals + 1));
    }
    harness.start();
  }
}
